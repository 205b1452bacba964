import { expect, test } from "vitest";
import {
  githubCommand,
  harmless,
  jsonText,
  markdownBlock,
  markdownCode,
  markdownText,
  oneLine,
  xmlText,
} from "../../runtime/text.ts";

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
  expect(command).toBe("::error file=a%3Ab.ts,title=one%2C two%0A::100%25%0A::warning::x, y: z\n");
});

test("XML has only characters that it may have", () => {
  expect(xmlText(`a<b & "c">\u0000\u001f\ufffe\t\n`)).toBe("a&lt;b &amp; &quot;c&quot;&gt;\ufffd\ufffd\ufffd\t\n");
});

test.each([
  ["lines and colours", "a\tb\n\u001b[31mred\u001b[39m", "a\tb\n\u001b[31mred\u001b[39m"],
  ["Windows' ends of lines", "a\r\nb", "a\nb"],
  ["what overwrites", "a\rb\bc", "a�b�c"],
  ["what hides and moves", "\u001b[8ma\u001b[1A\u009b2J", "�[8ma�[1A�2J"],
  [
    "commands of a pipeline",
    "a\n  ::error::b ::c\nx ##[group]y ##vso[z]",
    "a\n  : :error::b ::c\nx ## [group]y ## vso[z]",
  ],
])("harmless are %s", (_what, text, shown) => {
  expect(harmless(text)).toBe(shown);
});

test("a spinner may move the cursor, and nothing else", () => {
  expect(harmless("\u001b[?25l\u001b[1G\u001b[K\r\u001b[2J", true)).toBe("\u001b[?25l\u001b[1G\u001b[K\r�[2J");
});

test("JSON has escapes for what a terminal or a pipeline obeys, and says the same", () => {
  const value = { text: "\u001b\u009b\u202e\u2028\u{e0041} ##[error]" };
  const text = jsonText(value);
  expect(JSON.parse(text)).toEqual(value);
  expect(text).toBe('{\n  "text": "\\u001b\\u009b\\u202e\\u2028\\udb40\\udc41 \\u0023#[error]"\n}\n');
});

test("Markdown mentions nobody", () => {
  expect(markdownText("@a b@c #1 &#64;d ~~e~~")).toBe("@&#8203;a b@&#8203;c #&#8203;1 &amp;#&#8203;64;d \\~\\~e\\~\\~");
});
