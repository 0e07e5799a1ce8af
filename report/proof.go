package report

import "fmt"

// proof says how good the mix is, as far as that is proven; nil without a proof.
func (v *view) proof() *section {
	lines := v.ProofText()
	if lines == nil {
		return nil
	}
	s := v.section("proof", "How good the mix is")
	for _, line := range lines {
		s.Paragraphs = append(s.Paragraphs, short(line)+".")
	}
	var rows [][]string
	for _, l := range v.Proof.Levels {
		which, most := fmt.Sprintf("%s at %s", count(l.Int16), v.HighName()), ""
		if l.Int16 == nil {
			which = "save more than " + maybe(l.Over)
		}
		if l.AtMost != nil {
			most = brief(100**l.AtMost) + " %"
		}
		rows = append(rows, []string{which, brief(l.Mixes), fmt.Sprint(l.Refuted), fmt.Sprint(l.Drawn), most})
	}
	if rows != nil {
		s.Tables = []*table{newTable(s.ID+"-table", "The mixes that would save more, none of which that was tried meets the target", append(textColumns("mixes"),
			numberColumns("how many", "refuted one by one", "drawn at random", "share that meets it, at most (95 % confidence)")...), rows)}
	}
	return s
}
