/** Small tools for building the player's own elements. */

/** Makes an element with attributes and children. A string child becomes text, never markup. */
export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Readonly<Record<string, string>> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** Makes a button that does one thing. */
export function button(text: string, attributes: Readonly<Record<string, string>>, act: () => void): HTMLButtonElement {
  const element = make("button", { type: "button", ...attributes }, text);
  element.addEventListener("click", act);
  return element;
}

/** Makes a link out of the player; its address comes later. */
export function link(text: string): HTMLAnchorElement {
  return make("a", { class: "link", target: "_blank", rel: "noopener" }, text);
}

/** Makes an icon from path data in a 24 × 24 field; decoration only. */
export function icon(path: string): SVGSVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const shape = document.createElementNS("http://www.w3.org/2000/svg", "path");
  shape.setAttribute("d", path);
  svg.append(shape);
  return svg;
}

/** Sets text only where it differs, so that screen readers are not told twice. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}

/** Returns an amount of bytes in the reader's manner, such as “12.3 MB”. */
export function amount(bytes: number, language: string): string {
  const [size, unit]: [number, string] =
    bytes < 999_500 ? [1e3, "kilobyte"] : bytes < 999_500_000 ? [1e6, "megabyte"] : [1e9, "gigabyte"];
  const value = bytes / size;
  return new Intl.NumberFormat(language, {
    style: "unit",
    unit,
    maximumFractionDigits: value < 10 && size !== 1e3 ? 1 : 0,
  }).format(value);
}
