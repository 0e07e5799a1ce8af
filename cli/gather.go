package cli

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/urfave/cli/v2"

	"example.org/demote/backend"
	"example.org/demote/cluster"
	"example.org/demote/run"
)

// gatherFlags say where a search finds workers on other machines.
func gatherFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "workers-at", Category: catCluster, Usage: "`ADDRESS`: run the trials on other machines: listen at this address of this machine, such as 10.0.0.5:4222, for those that run `demote worker`; results are the same. docs/cluster.md shows the way"},
		clusterFolderFlag(), clusterFlag(), credsFlag(),
		&cli.IntFlag{Name: "min-workers", Category: catCluster, Value: 1, Usage: "`N`: workers that must be there before the search begins; further ones take part when they come"},
		&cli.DurationFlag{Name: "wait", Category: catCluster, Value: time.Minute, Usage: "`TIME`: how long to wait for them, and for another one where none is left"},
		&cli.StringFlag{Name: "data-at", Category: catCluster, Usage: "`PATH`: where the file of --data lies on the workers, below their --data-root, or relative to it: they read it themselves, if it is the same file; else samples are sent to them"},
	}
}

// gathering has a search wait for workers on other machines, where it is asked to; done ends the search for them.
// Without such flags no port is opened.
func gathering(c *cli.Context, cfg *run.Config) (done func(), err error) {
	at, url := c.String("workers-at"), c.String("cluster")
	switch {
	case at == "" && url == "":
		for _, name := range []string{"workers-at", "cluster", "min-workers", "wait", "cluster-folder", "creds", "data-at"} {
			if c.IsSet(name) {
				return nil, usage("--%s is for a search on other machines: give --workers-at ADDRESS too, where workers come to", name)
			}
		}
		return func() {}, nil
	case at != "" && url != "":
		return nil, usage("--workers-at %s, --cluster %s: leave one of them out: workers come to this machine, or to a NATS that others run", at, url)
	case cfg.Members > 1:
		return nil, usage("--members %d: these are of this machine, and trials run on others: leave it out", cfg.Members)
	case c.Int("min-workers") < 1:
		return nil, usage("--min-workers %d: give a number from 1 on", c.Int("min-workers"))
	case c.Duration("wait") <= 0:
		return nil, usage("--wait %v: give a time such as 60s", c.Duration("wait"))
	case c.IsSet("device"):
		return nil, usage("--device %s: trials run on the devices of the workers: leave it out, and give it to demote worker", c.String("device"))
	case c.IsSet("data-at") && !filepath.IsAbs(c.String("data-at")) && (!filepath.IsLocal(c.String("data-at")) || filepath.Clean(c.String("data-at")) == "."):
		return nil, usage("--data-at %s: no worker reads outside its --data-root: give the path there, such as /nfs/data/eval.npy, or one relative to each --data-root", c.String("data-at"))
	case cfg.DryRun:
		return func() {}, nil
	}
	folder, err := clusterFolder(c)
	if err != nil {
		return nil, err
	}
	g := cluster.Gathering{
		At: at, Folder: folder, URL: url, Creds: c.String("creds"), Least: c.Int("min-workers"), Wait: c.Duration("wait"),
		Search: cfg.Out, Version: c.App.Version, Runtime: run.RuntimeVersion(), Say: cfg.Say,
	}
	cfg.DataAt = c.String("data-at")
	there, err := g.Open(c.Context)
	if err != nil {
		return nil, err
	}
	cfg.Say(fmt.Sprintf("waiting for workers at %s: demote worker --cluster tls://%s --join FILE", there.Address(), there.Address()))
	cfg.Gather = func(ctx context.Context) (list []backend.Link, err error) {
		links, err := there.Links(ctx)
		for _, l := range links {
			list = append(list, l)
		}
		return list, err
	}
	cfg.Late = there
	return there.Close, nil
}
