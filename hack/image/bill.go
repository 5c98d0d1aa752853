package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/spdx/tools-golang/json"
	"github.com/spdx/tools-golang/spdx/v2/common"
	spdx "github.com/spdx/tools-golang/spdx/v2/v2_3"
)

// writeBill writes what the program was compiled from, in SPDX 2.3: each module with its version, as the compiler noted it
// in the program.
func writeBill(path string, platform *v1.Platform, info *debug.BuildInfo, about commit) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("writing the bill of materials: %w", err)
	}
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("writing the bill of materials: %w", err)
	}
	defer func() {
		if closeErr := f.Close(); err == nil {
			err = closeErr
		}
	}()
	return json.Write(bill(platform, info, about), f, json.Indent("  "))
}

func bill(platform *v1.Platform, info *debug.BuildInfo, about commit) *spdx.Document {
	name := fmt.Sprintf("microservice-operator-%s-%s", platform.OS, platform.Architecture)
	program := module(info.Main.Path, about.String())
	d := &spdx.Document{
		SPDXVersion: spdx.Version, DataLicense: spdx.DataLicense, SPDXIdentifier: "DOCUMENT",
		DocumentName:      name,
		DocumentNamespace: source + "/sbom/" + about.String() + "/" + name,
		CreationInfo: &spdx.CreationInfo{
			Created:  about.time.Format(time.RFC3339),
			Creators: []common.Creator{{CreatorType: "Tool", Creator: "hack/image"}},
		},
		Packages:      []*spdx.Package{program, module("stdlib", strings.TrimPrefix(info.GoVersion, "go"))},
		Relationships: []*spdx.Relationship{relation("DOCUMENT", "DESCRIBES", program.PackageSPDXIdentifier)},
	}
	for _, dependency := range info.Deps {
		if dependency.Replace != nil {
			dependency = dependency.Replace
		}
		d.Packages = append(d.Packages, module(dependency.Path, dependency.Version))
	}
	for _, p := range d.Packages[1:] {
		d.Relationships = append(d.Relationships, relation(program.PackageSPDXIdentifier, "DEPENDS_ON", p.PackageSPDXIdentifier))
	}
	return d
}

func module(path, version string) *spdx.Package {
	return &spdx.Package{
		PackageName:             path,
		PackageVersion:          version,
		PackageSPDXIdentifier:   identifier(path),
		PackageDownloadLocation: "NOASSERTION",
		PackageLicenseConcluded: "NOASSERTION",
		PackageLicenseDeclared:  "NOASSERTION",
		PackageCopyrightText:    "NOASSERTION",
		PackageExternalReferences: []*spdx.PackageExternalReference{{
			Category: common.CategoryPackageManager, RefType: common.TypePackageManagerPURL,
			Locator: "pkg:golang/" + path + "@" + version,
		}},
	}
}

// identifier has letters, digits, dots and hyphens only (SPDX 2.3, 3.2).
func identifier(path string) common.ElementID {
	return common.ElementID("Module-" + strings.Map(func(r rune) rune {
		if strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-", r) {
			return r
		}
		return '-'
	}, path))
}

func relation(from common.ElementID, how string, to common.ElementID) *spdx.Relationship {
	return &spdx.Relationship{
		RefA: common.MakeDocElementID("", string(from)), RefB: common.MakeDocElementID("", string(to)), Relationship: how,
	}
}
