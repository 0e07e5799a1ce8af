package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v2"

	"example.org/demote/cli/tty"
	"example.org/demote/cluster"
)

// administer connects to the server of --cluster.
func administer(c *cli.Context) (*cluster.Admin, error) {
	at, err := cluster.Address(c.String("cluster"))
	if err != nil {
		return nil, err
	}
	dir, err := clusterFolder(c)
	if err != nil {
		return nil, err
	}
	return cluster.Administer(at, dir, c.String("creds"))
}

func listCluster(c *cli.Context) error {
	switch {
	case c.Args().Present():
		return unexpectedArgument(c)
	case !c.IsSet("cluster") && c.IsSet("creds"):
		return usage("--creds is for a --cluster of NATS: give that too")
	case !c.IsSet("cluster"):
		return listJoined(c)
	}
	admin, err := administer(c)
	if err != nil {
		return err
	}
	defer admin.Close()
	s, err := admin.Status(c.Context)
	if err != nil {
		return err
	}
	if c.Bool("json") {
		return writeJSON(c, s)
	}
	var absent []string
	if !c.IsSet("creds") {
		f, err := openFolder(c)
		if err != nil {
			return err
		}
		joined, err := f.Workers()
		if err != nil {
			return err
		}
		for _, w := range joined {
			if !slices.ContainsFunc(s.Workers, func(s cluster.WorkerStatus) bool { return s.Name == w.Name }) {
				absent = append(absent, w.Name)
			}
		}
	}
	for _, other := range s.Others {
		absent = slices.DeleteFunc(absent, func(name string) bool {
			return slices.ContainsFunc(other.Workers, func(w cluster.WorkerStatus) bool { return w.Name == name })
		})
	}
	if err := writeStatus(c.App.Writer, s, absent); err != nil {
		return err
	}
	for _, other := range s.Others {
		fmt.Fprintln(c.App.Writer)
		if err := writeStatus(c.App.Writer, other, nil); err != nil {
			return err
		}
	}
	return nil
}

// listJoined lists who may take part.
func listJoined(c *cli.Context) error {
	f, err := openFolder(c)
	if err != nil {
		return err
	}
	list, err := f.Workers()
	if err != nil {
		return err
	}
	if c.Bool("json") {
		return writeJSON(c, append([]cluster.Worker{}, list...))
	}
	if len(list) == 0 {
		fmt.Fprintln(c.App.Writer, "nobody has joined yet: `demote cluster join NAME` lets a worker take part")
		return nil
	}
	w := tabwriter.NewWriter(c.App.Writer, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "worker\tjoined")
	for _, worker := range list {
		fmt.Fprintf(w, "%s\t%s\n", tty.Message(worker.Name), worker.Joined.Local().Format(time.DateTime))
	}
	return w.Flush()
}

// writeStatus writes how a search stands; absent are those who have joined and do not take part in it.
func writeStatus(out io.Writer, s cluster.Status, absent []string) error {
	fmt.Fprintf(out, "%s, demote %s", tty.Message(s.Run), tty.Message(s.Version))
	if s.Blocks > 0 {
		fmt.Fprintf(out, ": %d samples in %d blocks, %d trials leased", s.Samples, s.Blocks, s.Leases)
	}
	fmt.Fprintln(out)
	if s.Waits != "" {
		fmt.Fprintf(out, "it waits for %s\n", tty.Message(s.Waits))
	}
	if len(s.Workers) > 0 {
		w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "worker\thost\tdevice\tstate\tblocks\tsamples/s\tlast heard\tothers wait")
		for _, worker := range s.Workers {
			speed := "-"
			switch {
			case worker.Speed >= 100:
				speed = fmt.Sprintf("%.0f", worker.Speed)
			case worker.Speed > 0:
				speed = fmt.Sprintf("%.3g", worker.Speed)
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%s\t%.1f s ago\t%.0f %%\n", tty.Message(worker.Name), tty.Message(worker.Host), tty.Message(worker.Device), tty.Message(worker.State),
				worker.Blocks, speed, worker.Silent, 100*worker.Waited)
		}
		if err := w.Flush(); err != nil {
			return err
		}
	}
	if len(absent) > 0 {
		fmt.Fprintf(out, "not here: %s\n", strings.Join(absent, ", "))
	}
	return nil
}
