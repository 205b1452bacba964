import { expect, test } from "vitest";
import { githubCommand, markdownBlock, markdownCode, markdownText, oneLine, xmlText } from "../../runtime/text.ts";

test.each([
  ["lines", "a\r\n\tb", "a b"],
  ["control characters", "\u001b[31mred\u0007", "�[31mred�"],
  ["characters that turn the text round", "a\u202eb\u200bc", "a�b�c"],
  ["line separators", "a\u2028b", "a b"],
])("one line without %s", (_what, text, line) => {
  expect(oneLine(text)).toBe(line);
});

test("Markdown text stays text, in its cell", () => {
  expect(markdownText("`a` *b* _c_ {d} [e] <f>\n| \\")).toBe(
    "\\`a\\` \\*b\\* \\_c\\_ \\{d\\} \\[e\\] \\<f\\> \\| \\\\",
  );
});

test.each([
  ["plain", "`plain`"],
  ["a `b` c", "`` a `b` c ``"],
  ["``", "``` `` ```"],
  ["a\nb", "`a b`"],
])("a code span of %j", (text, span) => {
  expect(markdownCode(text)).toBe(span);
});

test("a block of code outlasts the fences in it", () => {
  expect(markdownBlock("a\n```\nb\u001b")).toEqual(["````", "a", "```", "b�", "````"]);
  expect(markdownBlock("a")).toEqual(["```", "a", "```"]);
});

test("GitHub's commands cannot be broken out of", () => {
  const command = githubCommand("error", { file: "a:b.ts", title: "one, two\n" }, "100%\r\n::warning::x, y: z");
  expect(command).toBe("::error file=a%3Ab.ts,title=one%2C two%0A::100%25%0D%0A::warning::x, y: z\n");
});

test("XML has only characters that it may have", () => {
  expect(xmlText(`a<b & "c">\u0000\u001f\ufffe\t\n`)).toBe("a&lt;b &amp; &quot;c&quot;&gt;\ufffd\ufffd\ufffd\t\n");
});
