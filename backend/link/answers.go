package link

// AnswersBytes is the most that a message of several answers has, and JoinedBytes the most of one of them: a longer one
// stays alone.
const AnswersBytes, JoinedBytes = 4 << 10, 255

// Answers is one message of the messages of Answer: a byte, and of each one its length in a byte and itself. One alone
// stays as it is. The caller sees to AnswersBytes and JoinedBytes.
func Answers(list [][]byte) []byte {
	if len(list) == 1 {
		return list[0]
	}
	m := []byte{Version<<4 | byte(KindAnswers)}
	for _, a := range list {
		m = append(append(m, byte(len(a))), a...)
	}
	return m
}

// ReadAnswers are the messages in one of Answers of at least two. Nothing of one that is damaged is read.
func ReadAnswers(m []byte) (list [][]byte, err error) {
	if k, err := KindOf(m); err != nil || k != KindAnswers || len(m) > AnswersBytes {
		return nil, errMessage
	}
	for m = m[1:]; len(m) > 0; {
		n := int(m[0])
		if len(m) < 1+n {
			return nil, errMessage
		}
		if k, err := KindOf(m[1 : 1+n]); err != nil || k != KindAnswer && k != KindSum && k != KindCounts {
			return nil, errMessage
		}
		list, m = append(list, m[1:1+n:1+n]), m[1+n:]
	}
	return list, nil
}
