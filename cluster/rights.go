package cluster

import "strings"

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

// inbox begins the subjects on which a worker is answered: its own, which no other may hear.
func inbox(worker string) string { return "_INBOX_demote_" + worker }

// WorkerRights are those of a worker of a name: it says hello and speaks to a run in its own name, hears what it is
// told and that the run goes on, and reads files.
func WorkerRights(name string) Rights {
	r := Rights{
		Publish:   []string{helloSubject(name), upSubject("*", name, "*")},
		Subscribe: []string{inbox(name) + ".>", downSubject("*", name, "*"), beatSubject("*")},
	}
	for _, call := range []string{"STREAM.INFO." + stream, "DIRECT.GET." + stream + ".>", "CONSUMER.CREATE." + stream + ".>", "CONSUMER.DELETE." + stream + ".>"} {
		r.Publish = append(r.Publish, "$JS.API."+call)
	}
	r.Publish = append(r.Publish, "$JS.FC."+stream+".>")
	return r
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
