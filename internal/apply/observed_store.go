package apply

import (
	"hash/maphash"
	"sync"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// observedStore caches, per child, the hash of our managedFields entry in the last response. While the entry is unchanged
// nobody has taken a field from us, and it need not be parsed again.
type observedStore struct {
	mu     sync.Mutex
	owners map[types.NamespacedName]map[string]observed // by owner, then by the child's kind
}

// observed is kept small: there is one per child in the cluster.
type observed struct {
	uid types.UID
	sum uint64
	// hash is the intent's hash.
	hash string
	// contest is set while a field is contested.
	contest *contest
}

var seed = maphash.MakeSeed()

func (m *observedStore) record(in *intent, answer client.Object, entry []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.owners == nil {
		m.owners = map[types.NamespacedName]map[string]observed{}
	}
	if m.owners[in.key] == nil {
		m.owners[in.key] = map[string]observed{}
	}
	m.owners[in.key][in.kind] = observed{
		uid: answer.GetUID(), sum: maphash.Bytes(seed, entry), hash: in.hash, contest: m.owners[in.key][in.kind].contest,
	}
}

func (m *observedStore) matches(in *intent, uid types.UID, entry []byte) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	at := m.owners[in.key][in.kind]
	return at.uid == uid && at.sum == maphash.Bytes(seed, entry)
}

// wasSent reports whether the intent is the last one sent for this child.
func (m *observedStore) wasSent(in *intent, uid types.UID) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	at := m.owners[in.key][in.kind]
	return at.uid == uid && at.hash == in.hash
}

// has reports whether the child existed.
func (m *observedStore) has(owner types.NamespacedName, kind string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, found := m.owners[owner][kind]
	return found
}

// drop removes a child that is no longer desired.
func (m *observedStore) drop(owner types.NamespacedName, kind string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.owners[owner], kind)
}

func (m *observedStore) forget(owner types.NamespacedName) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.owners, owner)
}
