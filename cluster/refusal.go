package cluster

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"example.org/demote/mistake"
)

// Refusal says why a server does not let someone in, from the error of Dial or, of a connection that was closed, its
// last one; at is the server's address. It is nil where trying again makes sense: nothing listens there yet, or the
// network is down.
func Refusal(err error, at string) error {
	var record tls.RecordHeaderError
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, nats.ErrAuthorization), errors.Is(err, nats.ErrAuthRevoked), errors.Is(err, nats.ErrAuthExpired),
		errors.Is(err, nats.ErrAccountAuthExpired), errors.Is(err, nats.ErrNkeysNotSupported):
		return mistake.Errorf("%s lets nobody in with this key: it was revoked, or is of another cluster; demote cluster join NAME, beside the coordinator, writes a new file", at)
	case errors.As(err, &record), errors.Is(err, nats.ErrSecureConnWanted):
		return mistake.Errorf("%s does not speak TLS, without which nothing is sent: it is no coordinator, or something between ends TLS", at)
	case errors.As(err, &authority), errors.As(err, &host), errors.As(err, &invalid):
		return mistake.Errorf("%s is not the coordinator of this cluster: its certificate is not one that the cluster's authority has signed for it and that is valid now (%w)", at, err)
	}
	return nil
}

// What a coordinator says of those that it does not let in.
const (
	strangersKey = "its key is of nobody who has joined, or was revoked"
	withoutTLS   = "it does not speak TLS 1.3"
	otherCluster = "it belongs to another cluster: it does not know the authority of this one"
)

// refusals is the log of a server. It says who is refused, and drops everything else.
type refusals struct {
	say  func(line string)
	now  func() time.Time
	lock sync.Mutex
	said map[string]time.Time // by host and reason
}

// A host that is refused tries again and again: what is said of it is said once in this time.
const sayAgain = time.Minute

// mostSaid is how many hosts are remembered; beyond it they are forgotten.
const mostSaid = 1000

func (r *refusals) Errorf(format string, v ...any) {
	line := fmt.Sprintf(format, v...)
	from, what, ok := strings.Cut(line, " - cid:")
	if !ok {
		return
	}
	host, _, err := net.SplitHostPort(from)
	if err != nil {
		return
	}
	var why string
	switch {
	case strings.Contains(what, "authentication error"):
		why = strangersKey
		if _, key, ok := strings.Cut(what, `Nkey "`); ok {
			key, _, _ = strings.Cut(key, `"`)
			why += " (" + key + ")"
		}
	case strings.Contains(what, "unknown certificate"), strings.Contains(what, "bad certificate"):
		why = otherCluster
	case strings.HasSuffix(what, "EOF"): // somebody has looked whether the port is open
		return
	case strings.Contains(what, "TLS handshake"):
		why = withoutTLS
	default:
		return
	}
	if r.again(host + " " + why) {
		r.say(fmt.Sprintf("%s was refused: %s", host, why))
	}
}

// Debugf is told of those that do not begin a handshake at all.
func (r *refusals) Debugf(format string, v ...any) {
	if strings.Contains(format, "TLS handshake error") {
		r.Errorf(format, v...)
	}
}

// again tells whether a line is to be said now.
func (r *refusals) again(line string) bool {
	r.lock.Lock()
	defer r.lock.Unlock()
	now := r.now()
	if last, ok := r.said[line]; ok && now.Sub(last) < sayAgain {
		return false
	}
	if len(r.said) >= mostSaid {
		clear(r.said)
	}
	r.said[line] = now
	return true
}

func (r *refusals) Noticef(string, ...any) {}
func (r *refusals) Warnf(string, ...any)   {}
func (r *refusals) Fatalf(string, ...any)  {}
func (r *refusals) Tracef(string, ...any)  {}
