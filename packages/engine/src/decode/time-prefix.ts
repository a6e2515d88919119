/**
 * Falco puts the time and the priority before the text of an alert, the time in one of two forms (`time_format_iso_8601`
 * in falco.yaml). The space after the priority keeps `Informational` from being cut as `Info`.
 */
const PREFIX =
  /^(?:\d{2}:\d{2}:\d{2}\.\d{9}|\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:?\d{2})): (?:Emergency|Alert|Critical|Error|Warning|Notice|Informational|Info|Debug) /i;

export function cutTimePrefix(output: string): string {
  return output.replace(PREFIX, '');
}
