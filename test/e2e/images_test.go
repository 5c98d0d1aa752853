package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/microservice-dev/microservice-operator/test/cluster"
)

var (
	// appProgram is the program of the pods, which runs outside of the cluster, too.
	appProgram string
	// pluginProgram is kubectl-msvc.
	pluginProgram string
)

// loadImages builds the plugin, and the images of the operator and of the pods, and loads these into the cluster.
func loadImages(ctx context.Context) {
	GinkgoHelper()
	programs := GinkgoT().TempDir()
	pluginProgram = compile(ctx, cluster.Root(), "./cmd/kubectl-msvc", filepath.Join(programs, "kubectl-msvc"))
	loadImage(ctx, compile(ctx, cluster.Root(), "./cmd", filepath.Join(programs, "manager")), *managerImage+":this")
	appProgram = compile(ctx, filepath.Join(cluster.Root(), "test", "e2e"), "./app", filepath.Join(programs, "app"))
	for _, tag := range []string{"1", "2"} {
		loadImage(ctx, appProgram, *appImage+":"+tag)
	}
	loadImage(ctx, appProgram, *appImage+":root", "-user=0")
	text := filepath.Join(programs, "text")
	Expect(os.WriteFile(text, []byte("This is no program.\n"), 0o600)).To(Succeed())
	loadImage(ctx, text, *appImage+":text")
}

// compile builds a package of the module in a folder as an image needs it, and returns the program.
func compile(ctx context.Context, folder, pkg, program string) string {
	GinkgoHelper()
	build := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-ldflags=-s -w", "-o", program, pkg)
	build.Dir, build.Env = folder, append(os.Environ(), "CGO_ENABLED=0")
	said, err := build.CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), "compiling %s in %s: %s", pkg, folder, said)
	return program
}

// loadImage packs a program into an image, and has the command in E2E_LOAD bring it into the cluster.
func loadImage(ctx context.Context, program, image string, flags ...string) {
	GinkgoHelper()
	archive := filepath.Join(GinkgoT().TempDir(), "image.tar")
	pack := exec.CommandContext(ctx, os.Getenv("E2E_IMAGE"), append(flags, "-out", archive, "-name", image, program)...)
	said, err := pack.CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), "packing %s: %s", image, said)
	load := exec.CommandContext(ctx, "sh", "-c", os.Getenv("E2E_LOAD")+` "$0"`, archive)
	load.Dir, load.Env = cluster.Root(), append(os.Environ(), "IMAGE="+image)
	said, err = load.CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), "loading %s with E2E_LOAD=%q: %s", image, os.Getenv("E2E_LOAD"), said)
}
