package cli

import (
	"github.com/urfave/cli/v2"

	"example.org/demote/cluster"
)

// clusterFolderFlag names the credentials of a cluster.
func clusterFolderFlag() cli.Flag {
	return &cli.StringFlag{Name: "cluster-folder", Category: catCluster, Usage: "`DIR`: credentials of the cluster, which demote cluster init has made (default: demote/cluster below the user's folder for settings, mostly ~/.config)"}
}

// clusterFolder is the folder of a cluster's credentials.
func clusterFolder(c *cli.Context) (string, error) {
	if dir := c.String("cluster-folder"); dir != "" {
		return dir, nil
	}
	return cluster.DefaultFolder()
}

// clusterFlag names a server.
func clusterFlag() cli.Flag {
	return &cli.StringFlag{Name: "cluster", Category: catCluster, Usage: "`URL`: where the cluster's server listens, tls://HOST:PORT: the coordinator of a search with --workers-at, or NATS that others run"}
}

// credsFlag names the credentials for a server that others run.
func credsFlag() cli.Flag {
	return &cli.StringFlag{Name: "creds", Category: catCluster, Usage: "`FILE`: credentials for a --cluster of NATS that others run, as its administrator has made them"}
}
