package report

import "strings"

// A cell of a csv file that begins with one of these is a formula to a spreadsheet, or begins one behind blanks that it
// drops (OWASP, CSV Injection).
const formula = "=+-@\t\r\n"

// Cell is a text as the csv files of a run have it: one that a spreadsheet would compute gets an apostrophe in front,
// and so does one that begins with apostrophes and such a sign, so that textOf brings every text back. Numbers are not
// for Cell.
func Cell(text string) string {
	if begins(text) {
		return "'" + text
	}
	return text
}

// textOf is what Cell was made of.
func textOf(cell string) string {
	if strings.HasPrefix(cell, "'") && begins(cell) {
		return cell[1:]
	}
	return cell
}

func begins(text string) bool {
	rest := strings.TrimLeft(text, "'")
	return rest != "" && strings.ContainsRune(formula, rune(rest[0]))
}
