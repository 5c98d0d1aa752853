package cluster

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

// Call is one request, as the API server's audit log has it (audit.k8s.io/v1 Event, level Metadata).
type Call struct {
	AuditID    string `json:"auditID"`
	Verb       string `json:"verb"`
	RequestURI string `json:"requestURI"`
	User       struct {
		Username string `json:"username"`
	} `json:"user"`
	ObjectRef struct {
		APIGroup    string `json:"apiGroup"`
		Resource    string `json:"resource"`
		Subresource string `json:"subresource"`
		Namespace   string `json:"namespace"`
		Name        string `json:"name"`
	} `json:"objectRef"`
	ResponseStatus struct {
		Code int `json:"code"`
	} `json:"responseStatus"`
	Received metav1.MicroTime `json:"requestReceivedTimestamp"`
	Answered metav1.MicroTime `json:"stageTimestamp"`
}

// Resource is plural, with its subresource: microservices/status.
func (c *Call) Resource() string {
	if c.ObjectRef.Subresource != "" {
		return c.ObjectRef.Resource + "/" + c.ObjectRef.Subresource
	}
	return c.ObjectRef.Resource
}

// AuditLog is read while the API server writes it.
type AuditLog struct {
	path string
	// rest is the beginning of a line whose end is not written yet.
	rest   []byte
	offset int64
	seen   sets.Set[string]
}

// NewAuditLog reads from the beginning.
func NewAuditLog(path string) *AuditLog {
	return &AuditLog{path: path, seen: sets.New[string]()}
}

// Audit has the API server log the requests that a rule of an audit policy selects, such as `users: [operator]`, and
// nobody else's. dir is where the policy and the log go; it must exist as long as the cluster.
func Audit(dir, selector string) (configure func(*envtest.Environment), log *AuditLog, err error) {
	policy := "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules:\n- level: Metadata\n  " + selector + "\n- level: None\n"
	policyPath, logPath := filepath.Join(dir, "policy.yaml"), filepath.Join(dir, "audit.log")
	if err := os.WriteFile(policyPath, []byte(policy), 0o600); err != nil {
		return nil, nil, fmt.Errorf("writing the audit policy: %w", err)
	}
	return func(env *envtest.Environment) {
		env.ControlPlane.GetAPIServer().Configure().
			Append("audit-policy-file", policyPath).
			Append("audit-log-path", logPath).
			Append("audit-log-maxsize", "100000") // never rotated
	}, NewAuditLog(logPath), nil
}

// Next are the requests of users that were logged since the last call. A watch, which is logged when it begins and when
// it ends, counts once.
func (a *AuditLog) Next(users sets.Set[string]) ([]Call, error) {
	f, err := os.Open(a.path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil // nothing is logged before the first request of a user
	}
	if err != nil {
		return nil, fmt.Errorf("reading the audit log: %w", err)
	}
	defer func() { _ = f.Close() }()
	if _, err := f.Seek(a.offset, io.SeekStart); err != nil {
		return nil, fmt.Errorf("reading the audit log: %w", err)
	}
	var calls []Call
	for lines := bufio.NewReaderSize(f, 1<<20); ; {
		c, err := a.read(lines)
		if errors.Is(err, io.EOF) {
			return calls, nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading the audit log: %w", err)
		}
		if !users.Has(c.User.Username) || (c.Verb == "watch" && a.seen.Has(c.AuditID)) {
			continue
		}
		if c.Verb == "watch" {
			a.seen.Insert(c.AuditID)
		}
		calls = append(calls, c)
	}
}

func (a *AuditLog) read(lines *bufio.Reader) (c Call, err error) {
	line, err := lines.ReadBytes('\n')
	a.offset += int64(len(line))
	a.rest = append(a.rest, line...)
	if err != nil {
		return c, err
	}
	defer func() { a.rest = a.rest[:0] }()
	return c, json.Unmarshal(bytes.TrimSpace(a.rest), &c)
}
