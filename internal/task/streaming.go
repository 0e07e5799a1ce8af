package task

import (
	"fmt"
	"math"
	"time"

	"example.org/demote/config"
	"example.org/demote/dataset"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/memory"
	"example.org/demote/result"
)

// A stream says what it is to leave the samples on disk, where every trial reads the blocks that it runs.
type stream struct {
	Bytes   float64 // that all samples would take in memory
	Seconds float64 // that one worker takes to read them once, as a few of them say
}

// keptShare is the share of the free memory up to which samples are kept in it: activations and what is stored of
// them want some too.
const keptShare = 0.5

// passReads and passTime bound what is read to say what a pass takes: a number of samples, or a time.
const passReads, passTime = 64, 300 * time.Millisecond

// keepOrStream leaves the samples on disk where --spool has it so or the memory has no room for them, and tells the
// price. A device may have memory of its own, see FitDevice; and workers on other machines say what they have no room
// for.
func (p *Task) keepOrStream(c config.Config) error {
	if p.Once || (c.OwnMemory || len(c.Links) > 0) && c.Spool == "" {
		return nil
	}
	note, err := p.StreamBeyond(c, memory.Left())
	if note != nil {
		p.Notes = append(p.Notes, *note)
		c.Say("warning: " + note.String())
	}
	return err
}

// StreamBeyond leaves the samples on disk where they are too many for the memory that is free, or where --spool asks
// for it. The note says so; of --spool there is none.
func (p *Task) StreamBeyond(c config.Config, free int64) (note *result.Warning, err error) {
	s := &stream{Bytes: blocks.ResidentAll(p.Data, len(p.Model.Inputs()))}
	if c.Spool == "" && s.Bytes <= keptShare*float64(free) {
		return nil, nil
	}
	if s.Seconds, err = passSeconds(p.Data, len(p.Model.Inputs())); err != nil {
		return nil, err
	}
	p.Streams = s
	size, price := memory.Text(int64(min(s.Bytes, math.MaxInt64/2))), fmt.Sprintf("%.2g s for a pass by one worker", s.Seconds)
	if c.Spool != "" {
		c.Say(fmt.Sprintf("the samples stay on disk, as --spool has it: trials read them from there, %s in %s", size, price))
		return nil, nil
	}
	return &result.Warning{ID: "samples-streamed", Text: fmt.Sprintf("%s: %d samples take %s of memory, more than half of the %s that are free: they stay on disk, and trials read them from there, %s",
		c.Data, p.Data.Len(), size, memory.Text(free), price), Cure: "--limit N takes a part of them"}, nil
}

// passSeconds is about what it takes to read all samples as trials do, by some that are spread over the set.
func passSeconds(set *dataset.Set, inputs int) (float64, error) {
	buffers := make([][]byte, inputs)
	for i := range buffers {
		buffers[i] = make([]byte, blocks.ResidentBytes(set, i))
	}
	n, read := min(passReads, set.Len()), 0
	begun := time.Now()
	for ; read < n && (read == 0 || time.Since(begun) < passTime); read++ {
		for i, to := range buffers {
			sample := read * set.Len() / n
			if err := blocks.ReadResident(set, i, sample, to[:blocks.ResidentSize(set, i, sample)]); err != nil {
				return 0, err
			}
		}
	}
	return time.Since(begun).Seconds() * float64(set.Len()) / float64(read), nil
}
