/**
 * A user's text such that Terraform takes it literally.
 *
 * In a string Terraform reads `${…}` and `%{…}` as template syntax, and cdktf 0.21 does not escape them: a text
 * such as `pa${ss}word` becomes an invalid reference, or worse a valid one. cdktf's own tokens (`${TfToken[…]}`)
 * stay as they are; they are meant as references.
 */
export function escapeTemplate(text: string): string {
  return text.replaceAll(/[$%](?=\{(?!TfToken\[))/g, (sign) => sign + sign);
}
