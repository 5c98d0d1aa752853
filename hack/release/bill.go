package main

import (
	"io"
	"strings"
	"time"

	"github.com/spdx/tools-golang/json"
	"github.com/spdx/tools-golang/spdx/v2/common"
	spdx "github.com/spdx/tools-golang/spdx/v2/v2_3"
)

// writeBill writes what a program was compiled from, in SPDX 2.3, into OUT-OS-ARCHITECTURE.spdx.json: each module with its
// version, as the compiler noted it in the program.
func writeBill(out, name string, p *program) error {
	platform := p.platform.OS + "-" + p.platform.Architecture
	return create(out+"-"+platform+".spdx.json", func(w io.Writer) error {
		return json.Write(bill(name+"-"+platform, p), w, json.Indent("  "))
	})
}

func bill(name string, p *program) *spdx.Document {
	program := module(p.info.Main.Path, p.commit.version)
	d := &spdx.Document{
		SPDXVersion: spdx.Version, DataLicense: spdx.DataLicense, SPDXIdentifier: "DOCUMENT",
		DocumentName:      name,
		DocumentNamespace: home + "/sbom/" + p.commit.String() + "/" + name,
		CreationInfo: &spdx.CreationInfo{
			Created:  p.commit.time.Format(time.RFC3339),
			Creators: []common.Creator{{CreatorType: "Tool", Creator: "hack/release"}},
		},
		Packages:      []*spdx.Package{program, module("stdlib", strings.TrimPrefix(p.info.GoVersion, "go"))},
		Relationships: []*spdx.Relationship{relation("DOCUMENT", "DESCRIBES", program.PackageSPDXIdentifier)},
	}
	for _, dependency := range p.info.Deps {
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
