package compose

import (
	"cmp"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
)

var (
	// secretFile are files that hold a key or a password.
	secretFile = regexp.MustCompile(`(?i)PASS|SECRET|TOKEN|CREDENTIAL|(^|[._-])KEY|\.(pem|p12|pfx|jks)$`)
	notInKeys  = regexp.MustCompile(`[^-._a-zA-Z0-9]+`)
)

// mountedFile is a file of the machine.
type mountedFile struct {
	key    string
	source string
	target string
}

func (m *mounts) addFile(v types.ServiceVolumeConfig) {
	list := &m.config
	if secretFile.MatchString(path.Base(v.Source)) {
		list = &m.secret
	}
	taken := map[string]bool{}
	for _, f := range *list {
		taken[f.key] = true
	}
	key := unique(dataKey(path.Base(v.Source)), 253, taken)
	*list = append(*list, mountedFile{key: key, source: v.Source, target: v.Target})
}

func dataKey(name string) string {
	return cmp.Or(notInKeys.ReplaceAllString(name, "-"), "file")
}

func (m *mounts) mountFiles() {
	for _, kind := range []struct {
		files  []mountedFile
		create string
	}{{m.config, "configmap"}, {m.secret, "secret generic"}} {
		if len(kind.files) == 0 {
			continue
		}
		name := label(m.name + "-files")
		volume := m.volumeName("files")
		m.addVolume(volume, name, kind.create == "configmap", nil)
		var arguments []string
		for _, f := range kind.files {
			m.mountVolume(volume, f.target, true).WithSubPath(f.key)
			arguments = append(arguments, fmt.Sprintf("--from-file=%s=%s", f.key, m.relative(f.source)))
		}
		m.comment("create it first", "spec", "podTemplate", "spec", "volumes", volume)
		m.toDo("volumes", "files of the machine are read from the cluster, read-only: %s", m.kubectl(kind.create, name, arguments))
	}
}

// addVolume adds a volume from a ConfigMap or a Secret, with the mode of its files or nil.
func (s *conversion) addVolume(volume, name string, isConfig bool, mode *types.FileMode) {
	v := corev1ac.Volume().WithName(volume)
	if isConfig {
		source := corev1ac.ConfigMapVolumeSource().WithName(name)
		if mode != nil {
			source.WithDefaultMode(int32(*mode) & 0o777)
		}
		s.pod.spec.WithVolumes(v.WithConfigMap(source))
		return
	}
	source := corev1ac.SecretVolumeSource().WithSecretName(name)
	if mode != nil {
		source.WithDefaultMode(int32(*mode) & 0o777)
	}
	s.pod.spec.WithVolumes(v.WithSecret(source))
}

// files mounts the configs and secrets of Compose.
func (s *conversion) files() {
	for _, ref := range s.service.Configs {
		s.file("configs", types.FileReferenceConfig(ref), types.FileObjectConfig(s.project.Configs[ref.Source]))
	}
	for _, ref := range s.service.Secrets {
		s.file("secrets", types.FileReferenceConfig(ref), types.FileObjectConfig(s.project.Secrets[ref.Source]))
	}
}

// file mounts one config or secret where Compose does: a config at /NAME, a secret at /run/secrets/NAME, unless target says another.
// https://docs.docker.com/reference/compose-file/services/#secrets
func (s *conversion) file(key string, ref types.FileReferenceConfig, object types.FileObjectConfig) {
	at := cmp.Or(ref.Target, ref.Source)
	if !strings.HasPrefix(at, "/") {
		at = path.Join(map[string]string{"configs": "/", "secrets": "/run/secrets"}[key], at)
	}
	isConfig := key == "configs"
	name, data := s.fileObject(ref.Source, isConfig), dataKey(ref.Source)
	volume := s.volumeName(ref.Source)
	s.addVolume(volume, name, isConfig, ref.Mode)
	s.mountVolume(volume, at, true).WithSubPath(data)
	s.comment("create it first", "spec", "podTemplate", "spec", "volumes", volume)
	if ref.UID != "" || ref.GID != "" {
		s.notConverted(key+"."+ref.Source, "uid and gid: the file belongs to root; set fsGroup in spec.podTemplate.spec.securityContext")
	}
	s.toDo(key+"."+ref.Source, "it is mounted at %s: %s", at, s.creation(isConfig, name, data, object))
}

// fileObject returns the name of the ConfigMap or Secret. A Secret of the name of a service holds its variables.
func (s *conversion) fileObject(source string, isConfig bool) string {
	name := objectName(source)
	if !isConfig && slices.ContainsFunc(s.sorted(), func(t *target) bool { return t.name == name }) {
		name = label(name + "-file")
	}
	return name
}

// creation returns how to create the ConfigMap or Secret of a config or secret.
func (s *conversion) creation(isConfig bool, name, data string, object types.FileObjectConfig) string {
	kind := "secret generic"
	if isConfig {
		kind = "configmap"
	}
	switch {
	case bool(object.External):
		return "it comes from elsewhere, so fill in the file: " + s.kubectl(kind, name, []string{"--from-file=" + data + "=FILE"})
	case object.Environment != "":
		return s.kubectl(kind, name, []string{fmt.Sprintf(`--from-literal=%s="$%s"`, data, object.Environment)})
	case object.File != "":
		return s.kubectl(kind, name, []string{"--from-file=" + data + "=" + s.relative(object.File)})
	}
	return fmt.Sprintf("write its content into a file %s: %s", data, s.kubectl(kind, name, []string{"--from-file=" + data}))
}
