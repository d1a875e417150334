/** Text as one word of a POSIX shell: nothing is special between single quotes but the quote itself. */
export const shellQuote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

/** Text as a PowerShell string. PowerShell takes typographic quotes for the plain one: each is written twice. */
export const powerShellQuote = (text: string) => `'${text.replace(/['\u2018-\u201b]/g, "$&$&")}'`;

/** Text as a Terraform string, with the starts of its templates doubled. */
export const terraformQuote = (text: string) => JSON.stringify(text).replace(/[$%](?=\{)/g, "$&$&");
