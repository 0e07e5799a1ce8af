package cluster

import (
	"strings"

	"github.com/nats-io/nats-server/v2/server"
)

// Rights are the subjects that one side may publish to and subscribe to, as patterns of NATS.
type Rights struct {
	Publish   []string
	Subscribe []string
}

// bucket is the object store that files lie in, and stream the stream that is behind it.
const (
	bucket = "demote"
	stream = "OBJ_" + bucket
)

// inbox begins the subjects on which somebody is answered: its own, which no other may hear.
func inbox(name string) string { return inboxes + "." + name }

// inboxes begin the inbox of everybody.
const inboxes = "_INBOX_demote"

// WorkerRights are those of a worker of a name: it says hello and speaks to a run in its own name, hears what it is
// told and that the run goes on, and reads files.
func WorkerRights(name string) Rights {
	r := Rights{
		Publish:   []string{helloSubject(name), upSubject("*", name, "*")},
		Subscribe: []string{inbox(name) + ".>", downSubject("*", name, "*"), beatSubject("*")},
	}
	for _, call := range []string{"STREAM.INFO." + stream, "DIRECT.GET." + stream, "DIRECT.GET." + stream + ".>"} {
		r.Publish = append(r.Publish, "$JS.API."+call)
	}
	return r
}

// CoordinatorRights are those of a coordinator: it hears its workers and tells them, says how its search stands, and
// puts files and removes them.
func CoordinatorRights() Rights {
	r := Rights{
		Publish:   []string{downSubject("*", "*", "*"), beatSubject("*"), statusSubject, inboxes + ".>", "$O." + bucket + ".>"},
		Subscribe: []string{inbox(coordinatorName) + ".>", helloSubject("*"), upSubject("*", "*", "*"), statusSubject},
	}
	for _, call := range []string{"INFO", "STREAM.*." + stream, "DIRECT.GET." + stream, "DIRECT.GET." + stream + ".>", "CONSUMER.CREATE." + stream + ".>", "CONSUMER.DELETE." + stream + ".>"} {
		r.Publish = append(r.Publish, "$JS.API."+call)
	}
	r.Publish = append(r.Publish, "$JS.FC."+stream+".>")
	return r
}

// permissions are the rights for a server.
func (r Rights) permissions() *server.Permissions {
	return &server.Permissions{Publish: &server.SubjectPermission{Allow: r.Publish}, Subscribe: &server.SubjectPermission{Allow: r.Subscribe}}
}

// Text lists rights for an administrator whose own accounts are used, a subject a line.
func (r Rights) Text() string {
	var b strings.Builder
	for _, list := range []struct {
		what     string
		subjects []string
	}{{"publish", r.Publish}, {"subscribe", r.Subscribe}} {
		for _, s := range list.subjects {
			b.WriteString(list.what + " " + s + "\n")
		}
	}
	return b.String()
}
