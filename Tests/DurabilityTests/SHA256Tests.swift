import Durability
import Testing

@Suite("SHA-256")
struct SHA256Tests {
    @Test(
        "the hashes of FIPS 180-4's examples and of a million letters are the published ones",
        arguments: [
            ("", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
            (
                "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmno"
                    + "ijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu", 1,
                "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
            ),
            ("a", 1_000_000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
        ]
    )
    func knownAnswers(text: String, times: Int, hash: String) {
        let bytes = [UInt8](String(repeating: text, count: times).utf8)
        #expect(SHA256.hash(bytes).description == hash)
    }

    @Test("the hash does not depend on how the bytes are cut into pieces")
    func pieces() {
        let bytes = (0..<517).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let whole = SHA256.hash(bytes)
        for size in [1, 3, 55, 56, 63, 64, 65, 128, 200] {
            var hash = SHA256()
            for start in stride(from: 0, to: bytes.count, by: size) {
                hash.update(Array(bytes[start..<min(start + size, bytes.count)]))
                _ = hash.finish()
            }
            #expect(hash.finish() == whole, "pieces of \(size)")
        }
    }

    @Test("every length around the padding's corners hashes as its own")
    func lengths() {
        let digests = (0...260).map { SHA256.hash([UInt8](repeating: 0, count: $0)) }
        #expect(Set(digests).count == digests.count)
        // Made with coreutils: head -c LENGTH /dev/zero | sha256sum
        let expected = [
            55: "02779466cdec163811d078815c633f21901413081449002f24aa3e80f0b88ef7",
            56: "d4817aa5497628e7c77e6b606107042bbba3130888c5f47a375e6179be789fbb",
            64: "f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b",
            119: "f616b0d54e78571a9611f343c9f8e022e859e920381ab0e4d3da01e193a7bd7e",
            120: "6edd9f6f9cc92cded36e6c4a580933f9c9f1b90562b46903b806f21902a1a54f",
        ]
        for (length, hash) in expected { #expect(digests[length].description == hash) }
    }

    @Test("hexadecimal digits in either case are read back, anything else is not")
    func hexadecimal() {
        let digest = SHA256.hash([1])
        #expect(SHA256.Digest(hexadecimal: digest.description) == digest)
        #expect(SHA256.Digest(hexadecimal: digest.description.uppercased()) == digest)
        #expect(SHA256.Digest(hexadecimal: String(digest.description.dropLast())) == nil)
        #expect(SHA256.Digest(hexadecimal: digest.description.dropLast() + "g") == nil)
        #expect(SHA256.Digest(bytes: [1, 2]) == nil)
    }
}
