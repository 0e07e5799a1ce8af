package cluster

import (
	"crypto/tls"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"

	"github.com/nats-io/nats.go"

	"example.org/demote/disk"
	"example.org/demote/mistake"
)

// DefaultPort is where a coordinator is looked for where an address has no port.
const DefaultPort = "4222"

// Address is the HOST:PORT of tls://HOST:PORT or tls://HOST, which is how a cluster is named.
func Address(text string) (string, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "" || u.User != nil || u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "":
		return "", mistake.Errorf("--cluster %s: give the coordinator as tls://HOST:PORT", text)
	case u.Scheme != "tls":
		return "", mistake.Errorf("--cluster %s: nothing is sent without TLS: give the coordinator as tls://HOST:PORT", text)
	}
	port := u.Port()
	if port == "" {
		port = DefaultPort
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return "", mistake.Errorf("--cluster %s: ports go from 1 to 65535", text)
	}
	return net.JoinHostPort(u.Hostname(), port), nil
}

// Dial connects the coordinator, or who administers its cluster, to the server at HOST:PORT of a search that runs.
func (f *Folder) Dial(address string) (*nats.Conn, error) {
	key, err := f.coordinator()
	if err != nil {
		return nil, err
	}
	authority, err := disk.Read(f.path(authorityFile), mostJoinBytes)
	if err != nil {
		return nil, mistake.Errorf("%w", err)
	}
	secure, ok := clientTLS(authority)
	if !ok {
		return nil, mistake.Errorf("%s: the certificate is damaged", f.path(authorityFile))
	}
	return connect("tls://"+address, coordinatorName, key, nats.Secure(secure), nats.TLSHandshakeFirst())
}

// DialCreds connects to a cluster of NATS that others run, at HOST:PORT, by the file of credentials that they have
// given. Its certificate is one that this machine trusts. The name is a worker's, or empty for a coordinator.
func DialCreds(address, creds, name string) (*nats.Conn, error) {
	if err := checkSecret(creds); err != nil {
		return nil, err
	}
	if name == "" {
		name = coordinatorName
	}
	return nats.Connect("tls://"+address, append(options(name), nats.UserCredentials(creds), nats.Secure(&tls.Config{MinVersion: tls.VersionTLS13}))...)
}

// DefaultFolder is where the credentials of a cluster lie if nothing else is said: below the user's folder for
// settings.
func DefaultFolder() (string, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", mistake.Errorf("%w: give --cluster-folder", err)
	}
	return filepath.Join(dir, "demote", "cluster"), nil
}

// An Admin is who looks after a cluster.
type Admin struct{ conn *nats.Conn }

// Close ends the connection.
func (a *Admin) Close() { a.conn.Close() }

// Administer connects who looks after a cluster to its server, at HOST:PORT: by the folder of the cluster's
// credentials, or by the credentials of a cluster of NATS that others run, where creds is not empty. Its errors are
// for people.
func Administer(address, folder, creds string) (*Admin, error) {
	var c *nats.Conn
	var err error
	if creds != "" {
		c, err = DialCreds(address, creds, "")
	} else {
		var f *Folder
		if f, err = OpenFolder(folder); err == nil {
			c, err = f.Dial(address)
		}
	}
	switch {
	case err == nil:
		return &Admin{c}, nil
	case mistake.Is(err):
		return nil, err
	}
	if r := Refusal(err, address); r != nil {
		return nil, r
	}
	return nil, mistake.Errorf("%s does not answer: no search listens there now (%w)", address, err)
}
