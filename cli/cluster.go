package cli

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/urfave/cli/v2"

	"example.org/demote/cluster"
	"example.org/demote/disk"
)

// joinEnding ends the name of a worker's file.
const joinEnding = ".join"

func clusterCommand() *cli.Command {
	return &cli.Command{
		Name:  "cluster",
		Usage: "say which machines may take part in searches, and show who works",
		Description: "For example:\n" +
			"  demote cluster init\n" +
			"  demote cluster join gpu1\n" +
			"  demote cluster ls\n\n" +
			"A search with --workers-at listens for workers, which are other machines that run `demote worker`. Each has a key, in the file that join writes. " +
			"Everything goes through TLS 1.3. docs/cluster.md has the whole way.",
		Subcommands: []*cli.Command{
			{
				Name:      "init",
				Usage:     "make the credentials of a new cluster",
				ArgsUsage: "[DIR]",
				Description: "DIR gets the authority that signs the server's certificate, the certificate, the coordinator's key and the list of workers. " +
					"It is for the user alone. Without DIR it is --cluster-folder, where the other commands look for it.",
				Flags:  []cli.Flag{clusterFolderFlag()},
				Action: initCluster,
			},
			{
				Name:        "join",
				Usage:       "let a worker take part, and write its file",
				ArgsUsage:   "NAME",
				Description: "NAME is what people call the worker. The file has the authority's certificate and the worker's key, which is nowhere else: take it to the worker by a way that nobody reads, such as scp. A search that runs lets the worker in within a second.",
				Flags: []cli.Flag{clusterFolderFlag(),
					&cli.StringFlag{Name: "out", Category: catPrint, Usage: "`FILE`: the worker's file (default: NAME.join in this folder)"}},
				Action: joinCluster,
			},
			{
				Name:        "revoke",
				Usage:       "end a worker's right to take part",
				ArgsUsage:   "NAME",
				Description: "A search that runs cuts the worker off within a second; its blocks go to the others.",
				Flags:       []cli.Flag{clusterFolderFlag()},
				Action:      revokeWorker,
			},
			{
				Name:        "ls",
				Usage:       "list the workers: who may take part, or who works in a search that runs",
				Description: "Without --cluster it lists who has joined. With it, it asks the search that runs there: who works, with how many blocks and at what speed, and what is waited for.",
				Flags:       []cli.Flag{clusterFolderFlag(), clusterFlag(), credsFlag(), jsonFlag()},
				Action:      listCluster,
			},
			{
				Name:        "permissions",
				Usage:       "print what each side may say and hear, for a NATS that others run",
				ArgsUsage:   "[NAME]",
				Description: "An administrator gives a coordinator and a worker called NAME accounts with these rights. The server of --workers-at gives them itself.",
				Action:      printPermissions,
			},
			{
				Name:        "clean",
				Usage:       "remove what a search that was killed has left",
				Description: "Without --cluster: the temporary folders of killed searches below TMPDIR, such as the files of --workers-at. With it: the files in a cluster of NATS that others run.",
				Flags:       []cli.Flag{clusterFolderFlag(), clusterFlag(), credsFlag()},
				Action:      cleanCluster,
			},
		},
		Action: func(c *cli.Context) error {
			if c.Args().Present() {
				return noCommand(c.Command.HelpName, c.Command.Subcommands, c.Args().First())
			}
			commandHelp(c.App.Writer, c.Command, helpWidth(c.App.Writer))
			return nil
		},
	}
}

// oneName is the only argument of a command.
func oneName(c *cli.Context) (string, error) {
	if c.NArg() != 1 {
		return "", usage("give one name: %s %s", c.Command.HelpName, c.Command.ArgsUsage)
	}
	return c.Args().First(), nil
}

func initCluster(c *cli.Context) error {
	dir, err := clusterFolder(c)
	switch {
	case c.NArg() > 1:
		return usage("give one folder: demote cluster init DIR")
	case c.NArg() == 1 && c.IsSet("cluster-folder"):
		return usage("the folder is named twice: leave --cluster-folder out")
	case c.NArg() == 1:
		dir = c.Args().First()
	case err != nil:
		return err
	}
	if _, err := cluster.Init(dir); err != nil {
		return err
	}
	fmt.Fprintf(c.App.Writer, "%s\n", dir)
	more := ""
	if standard, err := cluster.DefaultFolder(); err != nil || !samePath(dir, standard) {
		more = " --cluster-folder " + commandLine([]string{dir})
	}
	fmt.Fprintf(c.App.ErrWriter, "a new cluster, whose keys are for you alone; `demote cluster join NAME%s` lets a worker take part\n", more)
	return nil
}

func samePath(a, b string) bool {
	a, errA := filepath.Abs(a)
	b, errB := filepath.Abs(b)
	return errA == nil && errB == nil && a == b
}

func openFolder(c *cli.Context) (*cluster.Folder, error) {
	dir, err := clusterFolder(c)
	if err != nil {
		return nil, err
	}
	return cluster.OpenFolder(dir)
}

func joinCluster(c *cli.Context) error {
	name, err := oneName(c)
	if err != nil {
		return err
	}
	f, err := openFolder(c)
	if err != nil {
		return err
	}
	j, err := f.Join(name, time.Now())
	if err != nil {
		return err
	}
	path := c.String("out")
	if path == "" {
		path = name + joinEnding
	}
	if err := j.Write(path); err != nil {
		if undone := f.Revoke(name); undone != nil {
			return fmt.Errorf("%w; and %w", err, undone)
		}
		return err
	}
	fmt.Fprintln(c.App.Writer, path)
	fmt.Fprintf(c.App.ErrWriter, "take it to the worker, where nobody else reads it; there: demote worker --cluster tls://HOST:PORT --join %s\n", commandLine([]string{filepath.Base(path)}))
	return nil
}

func revokeWorker(c *cli.Context) error {
	name, err := oneName(c)
	if err != nil {
		return err
	}
	f, err := openFolder(c)
	if err != nil {
		return err
	}
	if err := f.Revoke(name); err != nil {
		return err
	}
	fmt.Fprintf(c.App.Writer, "%s is revoked: a search that runs cuts it off within a second\n", name)
	return nil
}

func printPermissions(c *cli.Context) error {
	name := "NAME"
	switch {
	case c.NArg() > 1:
		return usage("give one name: demote cluster permissions NAME")
	case c.NArg() == 1:
		name = c.Args().First()
		if err := cluster.CheckName(name); err != nil { // `*` would have the rights of all workers
			return err
		}
	}
	_, err := fmt.Fprintf(c.App.Writer, "coordinator\n%sworker %s\n%s", cluster.CoordinatorRights().Text(), name, cluster.WorkerRights(name).Text())
	return err
}

func cleanCluster(c *cli.Context) error {
	if c.Args().Present() {
		return unexpectedArgument(c)
	}
	if !c.IsSet("cluster") {
		fmt.Fprintf(c.App.Writer, "%d temporary folders of killed searches were removed\n", disk.SweepTemp())
		return nil
	}
	admin, err := administer(c)
	if err != nil {
		return err
	}
	defer admin.Close()
	n, err := admin.Clean(c.Context)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.App.Writer, "%d bytes of a killed search were removed\n", n)
	return nil
}
