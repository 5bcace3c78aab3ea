import JobFiles
import Testing

@Suite struct TerminalProgressTests {
    @Test("a bar is empty at the beginning, whole at the end, and never longer or shorter")
    func bar() {
        #expect(TerminalProgress.bar(0, width: 4) == "[>...]")
        #expect(TerminalProgress.bar(0.5, width: 4) == "[==>.]")
        #expect(TerminalProgress.bar(1, width: 4) == "[====]")
        for share in [-1, 0.999, 2, .nan] {
            #expect(TerminalProgress.bar(share, width: 4).count == 6, "\(share)")
        }
    }

    @Test("a line says stage, steps and time left, and keeps to the terminal's width")
    func line() {
        let line = TerminalProgress.line(SampleJobs.progress, width: 200)
        #expect(
            line == "distillation [=====>..............] 30/120 3 min left (job 3 min 20 s) "
                + "epoch 3: accuracy 81.2 %, loss 0.61"
        )
        #expect(TerminalProgress.line(SampleJobs.progress, width: 40).count == 40)
    }

    @Test("names and messages cannot steer the terminal")
    func control() {
        var list = SampleJobs.list
        list.jobs[0].name = "a\u{1B}[2Jb\u{7}"
        list.jobs[0].progress?.message = "\u{1B}]0;title\u{7}\nnext"
        for line in TerminalProgress.lines(list, width: 300) {
            #expect(line.unicodeScalars.allSatisfy { $0.value >= 0x20 }, "\(line.debugDescription)")
        }
    }

    @Test("jobs at work and waiting have lines of their own, delivered ones are counted")
    func lines() {
        let lines = TerminalProgress.lines(SampleJobs.list, width: 60)
        #expect(lines.count == 4)
        #expect(lines[0] == "mobilenet")
        #expect(lines[2] == "vgg: waiting")
        #expect(lines[3] == "1 done, 1 failed in the outbox")
    }
}
