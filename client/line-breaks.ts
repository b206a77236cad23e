/** Text as a text field shows it: each CR LF, and each lone CR, is one LF there. */

export function shownText(text: string): string {
  return text.includes('\r') ? text.replaceAll(/\r\n?/g, '\n') : text;
}

/** The place in the field of an index in the text. */
export function shownIndex(text: string, index: number): number {
  return shownText(text.slice(0, index)).length;
}

/** The index in the text of a place in the field; never between CR and LF. */
export function textIndex(text: string, shown: number): number {
  let index = shown;
  for (let at = text.indexOf('\r\n'); at >= 0 && at < index; at = text.indexOf('\r\n', at + 2)) {
    index++;
  }
  return index;
}
