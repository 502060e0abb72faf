import QtQuick
import QtQuick.Controls.Basic
import QtQuick.Layouts
import Timonel.Engine
import Timonel.Controls

Flickable {
    id: root
    signal backToWork()
    contentHeight: page.implicitHeight + 64
    boundsBehavior: Flickable.StopAtBounds
    ScrollBar.vertical: ScrollBar {}
    ColumnLayout {
        id: page
        x: Math.max(24, (root.width - width) / 2)
        y: 28
        width: Math.min(root.width - 48, 920 * Theme.scale)
        spacing: 16
        RowLayout {
            spacing: 20
            Ring { size: 112; share: Lab.examScore / 100; color: Lab.examPassed ? Theme.ready : Theme.failed }
            ColumnLayout {
                spacing: 4
                TText { text: Lab.packTitle; quiet: true }
                TText { text: Lab.examPassed ? qsTr("Passed") : qsTr("Not passed yet"); size: 28; strong: true }
                TText { text: qsTr("%1 of 100 points. Partial credit counts every check that holds.").arg(Lab.examScore.toFixed(0)); quiet: true }
                TButton { text: qsTr("Look at the cluster"); iconName: "boxes"; onClicked: root.backToWork() }
            }
        }
        Repeater {
            model: Lab.report
            Card {
                id: entry
                required property int number
                required property string title
                required property real weight
                required property real score
                required property var checks
                required property int task
                property bool unfolded: false
                Layout.fillWidth: true
                label: title
                onPressed: unfolded = !unfolded
                ColumnLayout {
                    width: parent.width
                    spacing: 10
                    RowLayout {
                        spacing: 12
                        Ring { size: 44; share: entry.score / 100; color: entry.score >= 99.9 ? Theme.ready : entry.score > 0 ? Theme.waiting : Theme.failed }
                        TText { text: entry.number + ". " + entry.title; strong: true; size: 15; Layout.fillWidth: true }
                        Pill { text: entry.weight + " %" }
                        Icon { name: entry.unfolded ? "chevron-up" : "chevron-down"; color: Theme.muted; size: 18 }
                    }
                    ColumnLayout {
                        visible: entry.unfolded
                        Layout.fillWidth: true
                        spacing: 8
                        Repeater {
                            model: entry.checks
                            RowLayout {
                                id: line
                                required property var modelData
                                Layout.fillWidth: true
                                Icon { name: line.modelData.passed ? "circle-check" : "circle-x"; color: line.modelData.passed ? Theme.ready : Theme.failed; size: 18; Layout.alignment: Qt.AlignTop }
                                ColumnLayout {
                                    Layout.fillWidth: true
                                    spacing: 0
                                    TText { text: line.modelData.title; Layout.fillWidth: true }
                                    TText { visible: !line.modelData.passed; text: qsTr("Expected: %1").arg(line.modelData.expected); quiet: true; size: 12; Layout.fillWidth: true; wrapMode: Text.WrapAnywhere }
                                    TText { visible: !line.modelData.passed; text: qsTr("Observed: %1").arg(line.modelData.observed); color: Theme.failed; size: 12; Layout.fillWidth: true; wrapMode: Text.WrapAnywhere }
                                }
                            }
                        }
                        TText { text: qsTr("A solution"); strong: true; Layout.topMargin: 6 }
                        Markdown { blocks: entry.unfolded ? Lab.solutionOf(entry.task) : []; runnable: false; Layout.fillWidth: true }
                    }
                }
            }
        }
    }
}
