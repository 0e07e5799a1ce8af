package result

import "encoding/json"

// A Warning is what a user should know of a run. Text says what is so; Cure says what to type, and is empty where
// nothing can be typed. ID names the kind of the warning for programs; it is empty in results of before.
type Warning struct {
	ID   string `json:"id"`
	Text string `json:"text"`
	Cure string `json:"cure"`
}

// String is the warning as the terminal has it, in one line.
func (w Warning) String() string {
	if w.Cure == "" {
		return w.Text
	}
	return w.Text + "; " + w.Cure
}

// UnmarshalJSON reads a warning, also one of before, which was a plain string.
func (w *Warning) UnmarshalJSON(data []byte) error {
	*w = Warning{}
	if json.Unmarshal(data, &w.Text) == nil {
		return nil
	}
	type plain Warning
	return json.Unmarshal(data, (*plain)(w))
}
