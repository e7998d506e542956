// Checks a bundle's log with the Go reference implementation of signed notes and tile-based logs. It shares nothing with
// our own code: it reads the checkpoint, the tiles, the entry bundles and the proofs, and says where it disagrees.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: check FOLDER VKEY")
		os.Exit(2)
	}
	if err := check(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "reference:", err)
		os.Exit(1)
	}
}

func check(dir, vkey string) error {
	tree, err := checkpoint(dir, vkey)
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	fmt.Printf("checkpoint: size %d, root %v\n", tree.N, tree.Hash)
	leaves, err := entries(dir, tree.N)
	if err != nil {
		return fmt.Errorf("entry bundles: %w", err)
	}
	if err := rebuild(leaves, tree); err != nil {
		return err
	}
	fmt.Printf("root rebuilt from %d leaves\n", len(leaves))
	reader := tlog.TileHashReader(tree, tiles{dir})
	if err := inclusions(leaves, tree, reader); err != nil {
		return err
	}
	fmt.Printf("inclusion of %d leaves from the tiles\n", len(leaves))
	pairs, err := consistency(tree, reader)
	if err != nil {
		return err
	}
	fmt.Printf("consistency from %d older sizes\n", pairs)
	proofs, err := items(dir, vkey, tree)
	if err != nil {
		return err
	}
	fmt.Printf("%d shipped proofs\n", proofs)
	return nil
}

// checkpoint opens the note in dir under the given key.
func checkpoint(dir, vkey string) (tlog.Tree, error) {
	text, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	if err != nil {
		return tlog.Tree{}, err
	}
	return open(text, vkey)
}

func open(text []byte, vkey string) (tlog.Tree, error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return tlog.Tree{}, err
	}
	opened, err := note.Open(text, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 || lines[0] != verifier.Name() {
		return tlog.Tree{}, fmt.Errorf("not a checkpoint of %s: %q", verifier.Name(), opened.Text)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: root}, err
}

// tiles serves the reference's tile reader: C2SP paths lack the height that the reference writes.
type tiles struct{ dir string }

func (t tiles) Height() int { return 8 }

func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var read [][]byte
	for _, tile := range wanted {
		path := "tile/" + strings.TrimPrefix(tile.Path(), "tile/8/")
		data, err := os.ReadFile(filepath.Join(t.dir, path))
		if err != nil {
			return nil, err
		}
		read = append(read, data)
	}
	return read, nil
}

func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}

// entries reads all leaves from the entry bundles, whose paths are those of level 0.
func entries(dir string, size int64) ([][]byte, error) {
	var leaves [][]byte
	for first := int64(0); first < size; first += 256 {
		width := int(size - first)
		if width > 256 {
			width = 256
		}
		tile := tlog.Tile{H: 8, L: 0, N: first / 256, W: width}
		path := "tile/entries/" + strings.TrimPrefix(tile.Path(), "tile/8/0/")
		data, err := os.ReadFile(filepath.Join(dir, path))
		if err != nil {
			return nil, err
		}
		count := 0
		for ; len(data) > 0; count++ {
			if len(data) < 2 || len(data)-2 < int(binary.BigEndian.Uint16(data)) {
				return nil, fmt.Errorf("%s ends inside an entry", path)
			}
			end := 2 + int(binary.BigEndian.Uint16(data))
			leaves = append(leaves, data[2:end])
			data = data[end:]
		}
		if count != width {
			return nil, fmt.Errorf("%s holds %d entries, not %d", path, count, width)
		}
	}
	return leaves, nil
}

// rebuild computes the root from the leaves alone.
func rebuild(leaves [][]byte, tree tlog.Tree) error {
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var found []tlog.Hash
		for _, index := range indexes {
			found = append(found, stored[index])
		}
		return found, nil
	})
	for n, leaf := range leaves {
		hashes, err := tlog.StoredHashes(int64(n), leaf, reader)
		if err != nil {
			return err
		}
		stored = append(stored, hashes...)
	}
	root, err := tlog.TreeHash(tree.N, reader)
	if err != nil {
		return err
	}
	if root != tree.Hash {
		return fmt.Errorf("leaves give root %v, signed is %v", root, tree.Hash)
	}
	return nil
}

// inclusions proves every leaf from the shipped tiles, which the reader checks against the root.
func inclusions(leaves [][]byte, tree tlog.Tree, reader tlog.HashReader) error {
	for n, leaf := range leaves {
		proof, err := tlog.ProveRecord(tree.N, int64(n), reader)
		if err != nil {
			return fmt.Errorf("leaf %d: %w", n, err)
		}
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, int64(n), tlog.RecordHash(leaf)); err != nil {
			return fmt.Errorf("leaf %d: %w", n, err)
		}
	}
	return nil
}

// consistency proves the growth from older sizes; long logs are sampled at the sizes around full tiles.
func consistency(tree tlog.Tree, reader tlog.HashReader) (int, error) {
	count := 0
	for old := int64(1); old <= tree.N; old++ {
		if near := old % 256; tree.N > 600 && near > 2 && near < 255 && old != tree.N {
			continue
		}
		past, err := tlog.TreeHash(old, reader)
		if err != nil {
			return count, fmt.Errorf("size %d: %w", old, err)
		}
		proof, err := tlog.ProveTree(tree.N, old, reader)
		if err != nil {
			return count, fmt.Errorf("size %d: %w", old, err)
		}
		if err := tlog.CheckTree(proof, tree.N, tree.Hash, old, past); err != nil {
			return count, fmt.Errorf("size %d: %w", old, err)
		}
		count++
	}
	return count, nil
}

// items checks the proofs that the bundle ships, and the leaves beside them.
func items(dir, vkey string, tree tlog.Tree) (int, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "proofs", "*.tlog-proof"))
	if err != nil {
		return 0, err
	}
	for _, path := range paths {
		if err := item(dir, vkey, path, tree); err != nil {
			return 0, fmt.Errorf("%s: %w", path, err)
		}
	}
	return len(paths), nil
}

func item(dir, vkey, path string, tree tlog.Tree) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	head, signed, found := bytes.Cut(text, []byte("\n\n"))
	if !found {
		return fmt.Errorf("no blank line")
	}
	covered, err := open(signed, vkey)
	if err != nil {
		return err
	}
	if covered.N == tree.N && covered.Hash != tree.Hash {
		return fmt.Errorf("another root for size %d", tree.N)
	}
	lines := strings.Split(string(head), "\n")
	if lines[0] != "c2sp.org/tlog-proof@v1" {
		return fmt.Errorf("first line %q", lines[0])
	}
	lines = lines[1:]
	number := strings.TrimSuffix(filepath.Base(path), ".tlog-proof")
	leaf, err := os.ReadFile(filepath.Join(dir, "leaves", number+".json"))
	if err != nil {
		return err
	}
	if extra, found := cutPrefix(lines[0], "extra "); found {
		carried, err := base64.StdEncoding.DecodeString(extra)
		if err != nil || !bytes.Equal(carried, leaf) {
			return fmt.Errorf("carries another leaf")
		}
		lines = lines[1:]
	}
	if lines[0] != "index "+number {
		return fmt.Errorf("line %q, not index %s", lines[0], number)
	}
	index, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return err
	}
	var proof tlog.RecordProof
	for _, line := range lines[1:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return err
		}
		proof = append(proof, hash)
	}
	return tlog.CheckRecord(proof, covered.N, covered.Hash, index, tlog.RecordHash(leaf))
}

func cutPrefix(text, prefix string) (string, bool) {
	return strings.TrimPrefix(text, prefix), strings.HasPrefix(text, prefix)
}
