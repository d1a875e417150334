import type { Sighting } from "@/api/authorizations";

/**
 * Finds what somebody sees, by an AADSTS number anywhere in it, by the page's own words (pasted whole, with whatever
 * is around them), or by a few words of their own. Without a question: everything that can be on show.
 */
export function findSightings(all: Sighting[], question: string): Sighting[] {
  if (question.trim() === "") return all.filter(({ place }) => place !== "elsewhere");
  const numbers = numbersIn(question);
  const byNumber = all.filter((sighting) => sighting.numbers.some((number) => numbers.includes(number)));
  if (byNumber.length > 0) return byNumber;
  const asked = plain(question);
  const quoted = all.filter(({ texts }) => texts.some((text) => occurs(text, asked)));
  return quoted.length > 0 ? quoted : byWords(all, asked);
}

/** The AADSTS numbers in a text. Ids and times next to them are full of other numbers. */
export function numbersIn(text: string): number[] {
  const named = [...text.matchAll(/(?:AADSTS|error[ _]?codes?\W{0,3}|[?&]code=)(\d{4,8})\b/gi)];
  const alone = /^\s*#?(\d{4,8})\s*$/.exec(text);
  return [...new Set([...named, ...(alone ? [alone] : [])].map(([, digits]) => Number(digits)))];
}

/** As people write and pages print: one case, no quotes, single spaces. */
const plain = (text: string) =>
  text
    .toLowerCase()
    .replace(/['"\u2018-\u201f]/g, "")
    .replace(/\s+/g, " ")
    .trim();

/** Whether a text is in what was pasted: its pieces between the dots, one after the other. */
function occurs(text: string, asked: string): boolean {
  let from = 0;
  for (const piece of text.split("…").map(plain)) {
    const at = asked.indexOf(piece, from);
    if (at < 0) return false;
    from = at + piece.length;
  }
  return true;
}

/** Those in which most of the words occur, the best first. Short words and ids say nothing. */
function byWords(all: Sighting[], asked: string): Sighting[] {
  const words = asked.split(/[^\p{L}\p{N}]+/u).filter((word) => word.length > 2 && !/\d/.test(word));
  if (words.length === 0) return [];
  return all
    .map((sighting) => {
      const said = plain([...sighting.texts, sighting.message, sighting.fix].join(" "));
      return { sighting, share: words.filter((word) => said.includes(word)).length / words.length };
    })
    .filter(({ share }) => share >= 0.6)
    .toSorted((a, b) => b.share - a.share)
    .map(({ sighting }) => sighting);
}
