package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// checksums is the file that lists all others, in the format of the command sha256sum.
const checksums = "SHA256SUMS"

// writeChecksums lists the files of a folder.
func writeChecksums(folder string) error {
	names, err := filesIn(folder)
	if err != nil {
		return fmt.Errorf("listing %s: %w", folder, err)
	}
	var lines strings.Builder
	for _, name := range names {
		sum, err := sha256Of(filepath.Join(folder, name))
		if err != nil {
			return err
		}
		fmt.Fprintf(&lines, "%s  %s\n", sum, name)
	}
	return os.WriteFile(filepath.Join(folder, checksums), []byte(lines.String()), 0o644)
}

// sha256Of returns the hash of a file in lower hexadecimal digits.
func sha256Of(path string) (string, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:]), nil
}
