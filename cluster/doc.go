// Package cluster carries a search to other machines: who may take part, what carries its messages and files, and what
// each side may do. It uses NATS (https://nats.io): its server runs inside the coordinator's process, or is one that
// others run. Core NATS carries messages, JetStream's object store files, by their sha256; neither is the truth about
// anything, since a file can be put again and a message be sent again.
//
// A Folder holds what a cluster knows its members by: an authority that signs the server's certificate, the
// coordinator's key, and the public key of each worker. A worker has one Join file: the authority's certificate and its
// own key. On any address but loopback there is no way to listen without TLS 1.3 and keys.
//
// A Coordinator lets workers into a run. It has a Link to each server of theirs, over which what computes is called,
// told and heard; Work is the worker's side, whose servers are package far's. A worker that is not heard for 3 s is
// lost, and one that does not hear the run for 15 s asks for the next one.
//
// It is the only package that imports NATS.
package cluster
