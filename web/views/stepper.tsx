/** @file A whole number in a range: typed, or one more and one less. */

interface Props {
  name: string;
  value: number;
  least: number;
  most: number;
  on: (value: number) => void;
  /** Behind the number: `of 10,000`. */
  after?: string;
}

export function Stepper({ name, value, least, most, on, after }: Props) {
  const to = (next: number) => on(Math.max(least, Math.min(most, next)));
  return (
    <span class="stepper">
      <span aria-hidden="true">{name}</span>
      <button
        type="button"
        aria-label={`${name}: one less`}
        disabled={value <= least}
        onClick={() => to(value - 1)}
      >
        −
      </button>
      <input
        type="number"
        aria-label={name}
        min={least}
        max={most}
        value={value}
        onChange={({ currentTarget }) => {
          const next = Math.round(Number(currentTarget.value));
          if (currentTarget.value !== "" && Number.isFinite(next)) to(next);
          currentTarget.value = `${Math.max(least, Math.min(most, Number.isFinite(next) ? next : value))}`;
        }}
      />
      <button
        type="button"
        aria-label={`${name}: one more`}
        disabled={value >= most}
        onClick={() => to(value + 1)}
      >
        +
      </button>
      {after && <span class="note">{after}</span>}
    </span>
  );
}
