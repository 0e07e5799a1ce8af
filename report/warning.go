package report

import "encoding/json"

// A Warning is what a user should know of the run, and what to type; results of before have plain strings, which are read
// as the text alone.
type Warning struct {
	ID   string `json:"id"`
	Text string `json:"text"`
	Cure string `json:"cure"`
}

// UnmarshalJSON reads a warning in either form.
func (w *Warning) UnmarshalJSON(data []byte) error {
	*w = Warning{}
	if json.Unmarshal(data, &w.Text) == nil {
		return nil
	}
	type plain Warning
	return json.Unmarshal(data, (*plain)(w))
}

// String is the warning in one line.
func (w Warning) String() string {
	if w.Cure == "" {
		return w.Text
	}
	return w.Text + "; " + w.Cure
}
