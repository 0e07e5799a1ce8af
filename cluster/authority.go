package cluster

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"time"
)

// serverName is what every coordinator's certificate is of: a worker knows its coordinator by the authority that has
// signed it and not by its address, which may change.
const serverName = "demote"

// validFor is how long certificates are valid: a cluster is made anew by then.
const validFor = 10 * 365 * 24 * time.Hour

// newAuthority makes an authority, and a certificate of the server that it has signed, as files.
func newAuthority() (map[string][]byte, error) {
	_, authority, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	public, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	root := certificate("demote cluster")
	root.IsCA, root.BasicConstraintsValid, root.KeyUsage = true, true, x509.KeyUsageCertSign
	root.MaxPathLenZero = true
	rootDER, err := x509.CreateCertificate(rand.Reader, root, root, authority.Public(), authority)
	if err != nil {
		return nil, err
	}
	server := certificate(serverName)
	server.DNSNames = []string{serverName}
	server.KeyUsage, server.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	serverDER, err := x509.CreateCertificate(rand.Reader, server, root, public, authority)
	if err != nil {
		return nil, err
	}
	authorityPEM, err := keyPEM(authority)
	if err != nil {
		return nil, err
	}
	serverPEM, err := keyPEM(key)
	if err != nil {
		return nil, err
	}
	return map[string][]byte{
		authorityFile: certificatePEM(rootDER),
		authorityKey:  authorityPEM,
		serverFile:    append(certificatePEM(serverDER), serverPEM...),
	}, nil
}

func certificate(name string) *x509.Certificate {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		panic(err) // crypto/rand never fails
	}
	now := time.Now()
	return &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: name}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(validFor)}
}

func certificatePEM(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func keyPEM(key crypto.Signer) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// serverTLS is how the coordinator's server speaks.
func (f *Folder) serverTLS() (*tls.Config, error) {
	pair, err := tls.LoadX509KeyPair(f.path(serverFile), f.path(serverFile))
	if err != nil {
		return nil, err
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS13}, nil
}

// clientTLS is how one speaks to a server that an authority has signed.
func clientTLS(authority []byte) (*tls.Config, bool) {
	pool := x509.NewCertPool()
	ok := pool.AppendCertsFromPEM(authority)
	return &tls.Config{RootCAs: pool, ServerName: serverName, MinVersion: tls.VersionTLS13}, ok
}
