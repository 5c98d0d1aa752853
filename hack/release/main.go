// Command release builds what a release has, and sends it to a registry, without a container engine. The same commit gives the
// same bytes, on any machine with the same version of Go.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// home is where the code is.
const home = "https://github.com/microservice-dev/microservice-operator"

// allPluginPlatforms are what the plugin is released for.
const allPluginPlatforms = "linux/amd64,linux/arm64,darwin/amd64,darwin/arm64,windows/amd64,windows/arm64"

const usage = `release COMMAND [FLAGS], in the root of the repository; the commands are:
  build  everything that a release has, from the commit at HEAD
  push   the image and the chart that build made, to a registry
  image  the image alone, from the files as they are`

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(args []string, w io.Writer) error {
	commands := map[string]func([]string, io.Writer) error{"build": runBuild, "push": runPush, "image": runImage}
	if len(args) == 0 || commands[args[0]] == nil {
		return fmt.Errorf("usage: %s", usage)
	}
	return commands[args[0]](args[1:], w)
}

func runBuild(args []string, w io.Writer) error {
	f := flag.NewFlagSet("build", flag.ExitOnError)
	version := f.String("version", "", "The version, such as v0.1.0. It need not be a tag yet.")
	out := f.String("out", "bin/release", "The folder for all files. What is there is replaced.")
	images := f.String("platforms", "linux/amd64,linux/arm64", "What to build the image for, separated by commas.")
	plugins := f.String("plugin-platforms", allPluginPlatforms, "What to build the plugin for, separated by commas.")
	_ = f.Parse(args) // it exits
	imagePlatforms, err := platforms("platforms", *images)
	if err != nil {
		return err
	}
	pluginPlatforms, err := platforms("plugin-platforms", *plugins)
	if err != nil {
		return err
	}
	if err := build(".", *version, imagePlatforms, pluginPlatforms, *out); err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s is in %s\n", *version, *out)
	return err
}

func runPush(args []string, w io.Writer) error {
	f := flag.NewFlagSet("push", flag.ExitOnError)
	from := f.String("from", "bin/release", "The folder that build made.")
	to := f.String("to", "", "The registry and a path, such as ghcr.io/acme. The credentials are those of docker login.")
	_ = f.Parse(args) // it exits
	return push(*from, *to, w)
}

func runImage(args []string, w io.Writer) error {
	f := flag.NewFlagSet("image", flag.ExitOnError)
	out := f.String("out", "bin/image", "How the names of the archive and of the bills of materials begin. What is there is replaced.")
	called := f.String("name", image+":latest", "The image's name and tag in the archive.")
	list := f.String("platforms", "linux/amd64,linux/arm64", "What to build for, separated by commas.")
	toRegistry := f.Bool("push", false, "Send the image to the registry in its name, with the credentials of docker login.")
	_ = f.Parse(args) // it exits
	tag, err := name.NewTag(*called)
	if err != nil {
		return fmt.Errorf("-name=%q: must be like registry.example.com/microservice-operator:dev: %w", *called, err)
	}
	all, err := platforms("platforms", *list)
	if err != nil {
		return err
	}
	index, about, err := buildImage(".", all, *out)
	if err != nil {
		return err
	}
	if err := writeImage(*out+".tar", index, tag, about.time); err != nil {
		return err
	}
	digest, err := index.Digest()
	if err != nil {
		return err
	}
	if *toRegistry {
		if err := send(index, tag); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(w, "%s@%s\n", tag.Context(), digest)
	return err
}

// platforms parses the value of a flag.
func platforms(name, list string) ([]*v1.Platform, error) {
	var all []*v1.Platform
	for wanted := range strings.SplitSeq(list, ",") {
		platform, err := v1.ParsePlatform(wanted)
		if err != nil {
			return nil, fmt.Errorf("-%s=%q: %w", name, list, err)
		}
		if platform.OS == "" || platform.Architecture == "" {
			return nil, fmt.Errorf("-%s=%q: %q must be an operating system and an architecture, such as linux/amd64", name, list, wanted)
		}
		all = append(all, platform)
	}
	return all, nil
}
