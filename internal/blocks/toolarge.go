package blocks

import (
	"fmt"
	"regexp"
	"strconv"

	"example.org/demote/internal/memory"
)

// tooLarge words an error of ONNX Runtime about a lack of memory, and returns all others unchanged.
func tooLarge(err error) error {
	m := notAllocated.FindStringSubmatch(err.Error())
	if m == nil {
		return err
	}
	size, _ := strconv.ParseInt(m[1], 10, 64)
	where := ""
	if node := runningNode.FindStringSubmatch(err.Error()); node != nil {
		where = fmt.Sprintf(" for node %q", node[1])
	}
	return fmt.Errorf("the network wants %s%s, which is more memory than there is: look at its dimensions", memory.Text(size), where)
}

// What ONNX Runtime says where there is no memory, and of the node that it runs.
var (
	notAllocated = regexp.MustCompile(`Failed to allocate memory for requested buffer of size (\d+)`)
	runningNode  = regexp.MustCompile(`node\. Name:'([^']+)'`)
)
