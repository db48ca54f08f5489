/** @file On or off. */

interface Props {
  name: string;
  isOn: boolean;
  on: (isOn: boolean) => void;
}

export const Switch = ({ name, isOn, on }: Props) => (
  <button type="button" role="switch" class="switch" aria-checked={isOn} onClick={() => on(!isOn)}>
    <span class="track-of" aria-hidden="true" />
    {name}
  </button>
);
