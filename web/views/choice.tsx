/** @file One of a few, side by side. */

interface Props<T extends string> {
  name: string;
  value: T;
  options: Readonly<Record<T, string>>;
  on: (value: T) => void;
}

export function Choice<T extends string>({ name, value, options, on }: Props<T>) {
  return (
    <fieldset class="choice">
      <legend>{name}</legend>
      {(Object.entries(options) as [T, string][]).map(([key, text]) => (
        <label key={key} class={key === value ? "on" : ""}>
          <input type="radio" name={name} value={key} checked={key === value} onChange={() => on(key)} />
          {text}
        </label>
      ))}
    </fieldset>
  );
}
