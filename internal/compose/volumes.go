package compose

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
)

// volumes mounts empty folders where Compose has volumes, and files from a ConfigMap: never a claim, whose size and class nobody said.
func (s *conversion) volumes() {
	m := &mounts{conversion: s}
	for _, v := range s.service.Volumes {
		switch v.Type {
		case types.VolumeTypeBind:
			m.bind(v)
		case types.VolumeTypeVolume:
			m.volume(v)
		case types.VolumeTypeTmpfs:
			s.mountTmpfs(v)
		default:
			s.notConverted("volumes", "%s is of type %s: add it in spec.podTemplate.spec.volumes", v.Target, v.Type)
		}
	}
	m.mountFiles()
	if len(m.empty) > 0 {
		s.notConverted("volumes", "an emptyDir, in which every new pod finds nothing: %s; for data that must stay create a "+
			"PersistentVolumeClaim, name it in spec.podTemplate.spec.volumes, and set spec.rollout.strategy to Recreate", strings.Join(m.empty, ", "))
	}
	s.mountMemory()
}

// mounts collects what is reported together.
type mounts struct {
	*conversion
	// empty are the folders that are empty in every new pod.
	empty []string
	// config and secret are files of the machine, which go into one ConfigMap and one Secret of the service.
	config, secret []mountedFile
}

func (m *mounts) bind(v types.ServiceVolumeConfig) {
	switch {
	case m.isOfMachine(v.Source):
		m.notConverted("volumes", "%s is the machine's, on which a pod must not depend: %s", v.Source, insteadOf(v.Source))
	case m.isSource(v):
		m.changed("volumes", "%s is not mounted: the image is built from that folder; if it is data and not source, add a volume",
			m.relative(v.Source))
	case m.options.IsFile(v.Source):
		m.addFile(v)
	default:
		m.empty = append(m.empty, m.mountEmpty(v))
	}
}

func (m *mounts) volume(v types.ServiceVolumeConfig) {
	if v.Source == "" && m.insideSource(v.Target) {
		m.changed("volumes", "%s is not mounted: it is inside of a folder that the image is built from", v.Target)
		return
	}
	m.empty = append(m.empty, m.mountEmpty(v))
}

// mountMemory mounts folders in memory: those of tmpfs, and the shared memory.
func (s *conversion) mountMemory() {
	for _, text := range s.service.Tmpfs {
		at, options, _ := strings.Cut(text, ":")
		s.mountVolume(s.addEmpty("tmpfs"+at, corev1ac.EmptyDirVolumeSource().WithMedium(corev1.StorageMediumMemory)), at, false)
		if options != "" {
			s.notConverted("tmpfs", "%s: the options %s; set sizeLimit of the volume in spec.podTemplate.spec.volumes", at, options)
		}
	}
	if size := s.service.ShmSize; size > 0 {
		s.mountVolume(s.addEmpty("shm", inMemory(size)), "/dev/shm", false)
	}
}

var machineFolders = []string{
	"/proc", "/sys", "/dev", "/run", "/var/run", "/etc", "/usr", "/lib", "/boot", "/var/lib/docker", "/var/log",
}

// isOfMachine reports whether a path belongs to the machine and not to the application.
func (c *converter) isOfMachine(source string) bool {
	if within(source, c.project.WorkingDir) {
		return false
	}
	source = path.Clean(source)
	for _, folder := range machineFolders {
		if source == folder || strings.HasPrefix(source, folder+"/") {
			return true
		}
	}
	return source == "/"
}

func insteadOf(source string) string {
	switch {
	case strings.HasSuffix(source, "docker.sock"):
		return "there is no Docker in the cluster, so leave out what needs its socket"
	case strings.HasPrefix(source, "/etc/localtime"), strings.HasPrefix(source, "/etc/timezone"):
		return "set the variable TZ"
	}
	return "what watches machines belongs into a DaemonSet"
}

// isSource reports whether a bind mount puts the folder that the image is built from over the image.
func (s *conversion) isSource(v types.ServiceVolumeConfig) bool {
	build := s.service.Build
	if build == nil || build.Context == "" || s.options.IsFile(v.Source) {
		return false
	}
	return within(v.Source, build.Context) || within(build.Context, v.Source)
}

// insideSource reports whether a folder is inside of a mount of source code, such as node_modules.
func (s *conversion) insideSource(target string) bool {
	for _, v := range s.service.Volumes {
		if v.Type == types.VolumeTypeBind && s.isSource(v) && within(target, v.Target) {
			return true
		}
	}
	return false
}

func within(inner, outer string) bool {
	outer = path.Clean(outer)
	return path.Clean(inner) == outer || strings.HasPrefix(path.Clean(inner), strings.TrimSuffix(outer, "/")+"/")
}

// mountEmpty mounts an empty folder instead of a volume, and returns where and instead of what.
func (s *conversion) mountEmpty(v types.ServiceVolumeConfig) string {
	name, from := v.Source, v.Source
	switch {
	case v.Type == types.VolumeTypeBind:
		name, from = v.Target, s.relative(v.Source)
	case v.Source == "":
		name, from = v.Target, "an anonymous volume"
	default:
		from += s.sharedWith(v.Source)
	}
	volume, known := s.pod.named[v.Source]
	if !known {
		volume = s.addEmpty(name, corev1ac.EmptyDirVolumeSource())
		s.comment("empty in every new pod: a claim or a ConfigMap, if it is more than a cache",
			"spec", "podTemplate", "spec", "volumes", volume)
	}
	if v.Type == types.VolumeTypeVolume && v.Source != "" {
		s.pod.named[v.Source] = volume
	}
	mount := s.mountVolume(volume, v.Target, v.ReadOnly)
	if v.Volume != nil && v.Volume.Subpath != "" {
		mount.WithSubPath(v.Volume.Subpath)
	}
	return fmt.Sprintf("%s instead of %s", v.Target, from)
}

// sharedWith returns words about the other services that mount a volume.
func (s *conversion) sharedWith(volume string) string {
	var others []string
	for _, t := range s.sorted() {
		for _, v := range t.service.Volumes {
			same := v.Type == types.VolumeTypeVolume && v.Source == volume
			if same && t.service.Name != s.service.Name && !slices.Contains(others, t.service.Name) {
				others = append(others, t.service.Name)
			}
		}
	}
	if len(others) == 0 {
		return ""
	}
	return fmt.Sprintf(" (shared with %s)", strings.Join(others, " and "))
}

func (s *conversion) mountTmpfs(v types.ServiceVolumeConfig) {
	source := corev1ac.EmptyDirVolumeSource().WithMedium(corev1.StorageMediumMemory)
	if v.Tmpfs != nil && v.Tmpfs.Size > 0 {
		source = inMemory(v.Tmpfs.Size)
	}
	s.mountVolume(s.addEmpty(v.Target, source), v.Target, v.ReadOnly)
}

func inMemory(size types.UnitBytes) *corev1ac.EmptyDirVolumeSourceApplyConfiguration {
	limit := resource.NewQuantity(int64(size), resource.BinarySI)
	return corev1ac.EmptyDirVolumeSource().WithMedium(corev1.StorageMediumMemory).WithSizeLimit(*limit)
}

// addEmpty adds a volume of an empty folder, and returns its name.
func (s *conversion) addEmpty(name string, source *corev1ac.EmptyDirVolumeSourceApplyConfiguration) string {
	name = s.volumeName(name)
	s.pod.spec.WithVolumes(corev1ac.Volume().WithName(name).WithEmptyDir(source))
	return name
}

func (s *conversion) volumeName(text string) string {
	name := label(text)
	if name == "" {
		name = "data"
	}
	return unique(name, maxName, s.pod.volumes)
}

// mountVolume mounts a volume, and returns the mount.
func (s *conversion) mountVolume(name, at string, readOnly bool) *corev1ac.VolumeMountApplyConfiguration {
	mount := corev1ac.VolumeMount().WithName(name).WithMountPath(at)
	if readOnly {
		mount.WithReadOnly(true)
	}
	s.pod.app.WithVolumeMounts(mount)
	// the list holds copies
	return &s.pod.app.VolumeMounts[len(s.pod.app.VolumeMounts)-1]
}

// relative returns a path from the folder of the project, as a person in that folder writes it.
func (c *converter) relative(name string) string {
	switch {
	case name == c.project.WorkingDir || name == "":
		return "."
	case within(name, c.project.WorkingDir):
		return "./" + strings.TrimPrefix(name, strings.TrimSuffix(c.project.WorkingDir, "/")+"/")
	}
	return name
}
