package trial

import (
	"fmt"
	"time"

	"example.org/demote/backend"
	"example.org/demote/backend/metric"
	"example.org/demote/config"
	"example.org/demote/internal/record"
	"example.org/demote/internal/task"
	"example.org/demote/search"
)

// A Runner is a task whose network runs: on the samples, by a metric, on a device, with every precision a switch.
type Runner struct {
	*task.Task
	Config  config.Config
	Metric  *metric.Metric
	Command *metric.Command // that the metric is; nil: it is none
	Set     string          // what a metric server calls the samples; empty: data
	Result  *config.Result  // that warnings and times are kept in; nil: nobody keeps them
	Watch   watcher         // is shown what comes out before the first trial; nil: nobody is

	Device  backend.DeviceInfo   // what trials run on; without a name: the CPU
	Among   []backend.DeviceInfo // with several in --device: all of them, Device being the first
	Asked   int                  // the block size before it was made to fit a GPU's memory; 0: it was not
	Options backend.Options
	Ev      *backend.Evaluator
	// is told when the members of Ev were held against each other in a search; nil: nobody is
	Compared func(same bool) error
	Plan     backend.Plan // the cuts

	shelf *backend.Shelf // of samples that workers on other machines were given; nil: none yet
	here  bool           // nothing is dealt to the CPUs of workers on other machines, see Here

	Started  time.Time
	StartUp  time.Duration // from the start to the first trial
	loading  time.Duration // of the float network
	pass     time.Duration // of the float network over the samples
	choosing time.Duration // of the ranges: the rest of the set-up has as long as without

	Chosen     Ranges        // with --range auto: empty until they are chosen; what an earlier session has chosen
	share      backend.Share // of the samples, on which ranges and repairs are compared
	lowest     *search.Score // of all int8 with the ranges that this session has chosen; nil: it has chosen none
	FloatScore *search.Score // nil for a pair
	// Unmet names the first target that is asked for which the network as given meets in all int16, by these scores,
	// and another one, such as the repaired network, does not; empty: there is none. nil: no target is asked for
	Unmet     func(given search.Endpoints, high search.Score) (target string, err error)
	HighScore search.Score
}

// watcher is who watches.
func (s *Runner) watcher() watcher {
	if s.Watch == nil {
		return unwatched{}
	}
	return s.Watch
}

// Scale tells the search how the metric's numbers are read.
func (s *Runner) Scale() search.Scale {
	return search.Scale{Name: s.Metric.Name, Fraction: s.Metric.Fraction, Lower: s.Metric.Lower}
}

// Text writes a score for the user.
func (s *Runner) Text(v search.Score) string {
	if v.Total > 0 {
		return fmt.Sprintf("%.4f (%d of %d)", v.Float(), v.Count, v.Total)
	}
	return fmt.Sprintf("%.6g", record.MetricSign(v.Value, s.Metric.Lower))
}
