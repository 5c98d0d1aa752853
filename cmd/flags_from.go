package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// setFlagsFrom sets flags from a folder that has a file for each, such as a ConfigMap that is mounted: the name is that of the flag, the
// content is the value. They win over the command line, which belongs to the manifest: a new version of it leaves the folder as it is.
// The error names the file.
func setFlagsFrom(flags *flag.FlagSet, folder string) error {
	files, err := os.ReadDir(folder)
	if err != nil {
		return fmt.Errorf("--flags-from=%q: %w", folder, err)
	}
	for _, file := range files {
		// The kubelet keeps the files themselves in folders of such names.
		if strings.HasPrefix(file.Name(), "..") {
			continue
		}
		path := filepath.Join(folder, file.Name())
		value, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("--flags-from=%q: %w", folder, err)
		}
		if flags.Lookup(file.Name()) == nil {
			return fmt.Errorf("%s: there is no flag --%s: name it as --help does", path, file.Name())
		}
		if err := flags.Set(file.Name(), strings.TrimSpace(string(value))); err != nil {
			return fmt.Errorf("%s: --%s=%q: %w", path, file.Name(), strings.TrimSpace(string(value)), err)
		}
	}
	return nil
}
