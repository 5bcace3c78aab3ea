import JobFiles
import Testing

@Suite struct CSVTests {
    @Test(
        "the history is what Keras' CSVLogger writes: epoch first, the others sorted, NA for nothing"
    )
    func history() {
        var metrics = SampleMetrics.job()
        metrics.epochs = [
            EpochMetrics(
                epoch: 0,
                loss: 0.5,
                accuracy: nil,
                learningRate: 1e-05,
                heldOut: QualityMetrics(accuracy: nil, loss: 0.25)
            )
        ]
        #expect(
            metrics.historyCSV
                == "epoch,accuracy,learning_rate,loss,val_accuracy,val_loss\r\n"
                + "0,NA,1e-05,0.5,NA,0.25\r\n"
        )
    }

    @Test("a group's name that holds commas and quotes stays one field")
    func sensitivity() {
        var metrics = SampleMetrics.job(blocks: 1)
        metrics.groups[0].name = "a,\"b\""
        metrics.groups[0].sensitivity = [
            SensitivityMetrics(
                removedFraction: 0.5,
                keptUnits: 8,
                heldOut: QualityMetrics(accuracy: 0.5, loss: 1)
            )
        ]
        #expect(metrics.sensitivityCSV.hasSuffix("\r\n\"a,\"\"b\"\"\",0.5,16,8,1.0,0.5\r\n"))
    }
}
