package run

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"strconv"

	"example.org/demote/config"
	"example.org/demote/internal/journal"
	"example.org/demote/internal/record"
	"example.org/demote/mistake"
	"example.org/demote/report"
	"example.org/demote/result"
)

// ReadResult reads the result.json of a run folder.
func ReadResult(folder string) (*config.Result, error) {
	path := (&journal.Folder{Path: folder}).File(result.File)
	data, err := result.Read(folder)
	if err != nil {
		return nil, mistake.Errorf("%s is not a run folder of demote: %w", folder, err)
	}
	var r config.Result
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, mistake.Errorf("%s: damaged: %w", path, err)
	}
	if r.SchemaVersion < 1 || r.SchemaVersion > result.Schema {
		return nil, mistake.Errorf("%s: schema_version %d, this program reads %d", path, r.SchemaVersion, result.Schema)
	}
	return &r, nil
}

// curve is curve.csv: how the scores go along the chain. The cost of a mix is what it costs by the chosen cost: by
// count, its number of int16 holders.
func curve(r *config.Result) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.Write([]string{"step", "holder", "int8_holders", "recorded_score", "true_score", "cost"})
	for _, s := range r.Chain {
		_ = w.Write([]string{strconv.Itoa(s.Step), report.Cell(s.Holder), strconv.Itoa(*s.Int8), record.Number(s.Value), record.Number(s.TrueValue), record.Number(s.Cost)})
	}
	w.Flush()
	return b.Bytes()
}
