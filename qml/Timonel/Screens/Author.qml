import QtQuick
import QtQuick.Controls.Basic
import QtQuick.Layouts
import Timonel.Engine
import Timonel.Controls

// A pack beside its problems and its proof. It is edited in any editor; saving checks it at once.
ColumnLayout {
    id: root
    signal play()
    readonly property bool sound: Lab.authorTitle && Lab.problems.length === 0
    readonly property var byLine: {
        const map = {}
        for (const p of Lab.problems) if (p.line > 0) (map[p.line] = map[p.line] || []).push(p.message)
        return map
    }
    spacing: 0
    ColumnLayout {
        Layout.fillWidth: true
        Layout.margins: 24
        Layout.bottomMargin: 16
        spacing: 10
        TText { text: qsTr("Write your own packs"); size: 28; strong: true; Layout.fillWidth: true }
        TText { quiet: true; Layout.fillWidth: true; Layout.maximumWidth: 860 * Theme.scale; text: qsTr("A pack is a folder with a pack.yaml: a lesson, drill or exam as plain data. “timonel pack new FOLDER” makes one to start from. Edit it in any editor; each time you save, it is checked here.") }
        Flow {
            Layout.fillWidth: true
            spacing: 8
            TField { id: folder; width: Math.min(parent.width, 420 * Theme.scale); iconName: "folder-open"; placeholderText: qsTr("Folder of the pack, e.g. /home/me/my-pack"); onAccepted: Lab.readFolder("file://" + text) }
            TButton { kind: root.sound ? "secondary" : "primary"; text: qsTr("Check"); iconName: "check"; enabled: folder.text; onClicked: Lab.readFolder("file://" + folder.text) }
            TButton { visible: Lab.proving < 0; kind: root.sound ? "primary" : "secondary"; text: qsTr("Prove"); iconName: "target"; enabled: root.sound; onClicked: Lab.prove() }
            TButton { visible: Lab.proving >= 0; text: qsTr("Stop the proof"); iconName: "x"; onClicked: Lab.stopProof() }
            TButton { text: qsTr("Play as learner"); iconName: "circle-play"; enabled: root.sound; onClicked: { Lab.playAuthorPack(); root.play() } }
        }
    }
    Rectangle { Layout.fillWidth: true; height: 1; color: Theme.line }
    Item {
        Layout.fillWidth: true
        Layout.fillHeight: true
        Empty { visible: !Lab.authorTitle; anchors.centerIn: parent; width: Math.min(parent.width - 48, 460 * Theme.scale); iconName: "pen-line"; title: qsTr("No pack opened yet"); text: qsTr("Problems appear beside their line. “Prove” plays every solution under five seeds: untouched must score 0, a reference 100, a wrong one what it states.") }
        RowLayout {
            anchors.fill: parent
            visible: Lab.authorTitle
            spacing: 0
            ListView { // pack.yaml
                id: lines
                Layout.fillHeight: true
                Layout.fillWidth: true
                Layout.preferredWidth: 5
                clip: true
                model: Lab.authorLines
                activeFocusOnTab: true
                topMargin: 8
                bottomMargin: 8
                reuseItems: true
                ScrollBar.vertical: ScrollBar {}
                Accessible.role: Accessible.List
                Accessible.name: "pack.yaml"
                FocusRing { control: lines; shown: lines.activeFocus; anchors.margins: 1 }
                delegate: Rectangle {
                    id: line
                    required property int index
                    required property string modelData
                    readonly property var wrong: root.byLine[index + 1] || []
                    width: ListView.view.width
                    height: code.implicitHeight + (wrong.length ? said.implicitHeight + 8 : 0) + 2
                    color: wrong.length ? Theme.selected : lines.currentIndex === index && lines.activeFocus ? Theme.hover : "transparent"
                    Accessible.role: Accessible.ListItem
                    Accessible.name: (index + 1) + ": " + modelData + " " + wrong.join(". ")
                    TText { x: 8; width: 40 * Theme.scale; horizontalAlignment: Text.AlignRight; text: line.index + 1; code: true; size: 12; quiet: true; wrapMode: Text.NoWrap }
                    TText { id: code; x: 60 * Theme.scale; width: parent.width - x - 12; text: line.modelData; code: true; size: 12; wrapMode: Text.NoWrap; elide: Text.ElideRight }
                    RowLayout {
                        visible: line.wrong.length > 0
                        anchors.top: code.bottom
                        anchors.topMargin: 2
                        x: 60 * Theme.scale
                        width: parent.width - x - 12
                        spacing: 6
                        Icon { name: "triangle-alert"; color: Theme.failed; size: 14; Layout.alignment: Qt.AlignTop }
                        TText { id: said; text: line.wrong.join("\n"); color: Theme.failed; size: 12; Layout.fillWidth: true }
                    }
                }
            }
            Rectangle { width: 1; Layout.fillHeight: true; color: Theme.line }
            ColumnLayout {
                Layout.fillHeight: true
                Layout.fillWidth: true
                Layout.preferredWidth: 6
                spacing: 0
                ColumnLayout {
                    Layout.fillWidth: true
                    Layout.margins: 16
                    spacing: 4
                    TText { text: Lab.authorTitle; size: 15; strong: true; Layout.fillWidth: true }
                    RowLayout {
                        spacing: 8
                        StateGlyph { state_: !root.sound ? "failed" : Lab.proving >= 0 ? "waiting" : Lab.proof.count === 0 ? "done" : Lab.proofFailures > 0 ? "failed" : "ready" }
                        TText {
                            Layout.fillWidth: true
                            text: !root.sound ? qsTr("%n problem(s)", "", Lab.problems.length)
                                : Lab.proving >= 0 ? qsTr("Proving: %1 %").arg(Math.round(Lab.proving * 100))
                                : Lab.proof.count === 0 ? qsTr("Well-formed: %1. Not proved yet.").arg(Lab.authorSummary)
                                : Lab.proofFailures > 0 ? qsTr("%n case(s) did not score what they should", "", Lab.proofFailures) : qsTr("Proved: %1, five seeds").arg(Lab.authorSummary)
                        }
                    }
                }
                ListView { // problems, with those that have no line
                    id: problems
                    Layout.fillWidth: true
                    Layout.fillHeight: true
                    visible: Lab.problems.length > 0
                    clip: true
                    model: Lab.problems
                    activeFocusOnTab: true
                    ScrollBar.vertical: ScrollBar {}
                    Keys.onReturnPressed: if (currentItem) currentItem.clicked()
                    delegate: ItemDelegate {
                        id: problem
                        required property int index
                        required property var modelData
                        width: ListView.view.width
                        leftPadding: 16
                        rightPadding: 16
                        onClicked: if (modelData.line > 0) { lines.currentIndex = modelData.line - 1; lines.positionViewAtIndex(modelData.line - 1, ListView.Center) }
                        Accessible.name: modelData.place + ": " + modelData.message
                        background: Rectangle { color: problem.hovered || (problem.ListView.isCurrentItem && problems.activeFocus) ? Theme.hover : "transparent" }
                        contentItem: ColumnLayout {
                            spacing: 0
                            TText { text: problem.modelData.message; Layout.fillWidth: true }
                            TText { text: problem.modelData.place; code: true; quiet: true; size: 12; Layout.fillWidth: true; wrapMode: Text.WrapAnywhere }
                        }
                    }
                }
                ListView { // what every solution scored under every seed
                    id: proof
                    Layout.fillWidth: true
                    Layout.fillHeight: true
                    visible: Lab.problems.length === 0
                    clip: true
                    model: Lab.proof
                    activeFocusOnTab: true
                    ScrollBar.vertical: ScrollBar {}
                    delegate: Rectangle {
                        id: row
                        required property var model
                        required property int index
                        width: ListView.view.width
                        height: cell.implicitHeight + 12
                        color: row.ListView.isCurrentItem && proof.activeFocus ? Theme.hover : "transparent"
                        Accessible.role: Accessible.ListItem
                        Accessible.name: row.model.task + ", " + (row.model.solution || qsTr("untouched")) + ", " + row.model.cells.map(c => c.got.toFixed(0)).join(" ")
                        ColumnLayout {
                            id: cell
                            x: 16
                            y: 6
                            width: parent.width - 32
                            spacing: 2
                            RowLayout {
                                spacing: 10
                                TText { text: row.model.task; code: true; size: 12; Layout.fillWidth: true; Layout.preferredWidth: 3; elide: Text.ElideRight; wrapMode: Text.NoWrap }
                                TText { text: row.model.solution || qsTr("untouched"); size: 12; quiet: !row.model.solution; Layout.fillWidth: true; Layout.preferredWidth: 3; elide: Text.ElideRight; wrapMode: Text.NoWrap }
                                Row {
                                    spacing: 4
                                    Repeater {
                                        model: row.model.cells
                                        Rectangle {
                                            required property var modelData
                                            width: 34 * Theme.scale
                                            height: 20 * Theme.scale
                                            radius: 4
                                            color: "transparent"
                                            border.width: modelData.ok ? 1 : 2
                                            border.color: modelData.ok ? Theme.ready : Theme.failed
                                            TText { anchors.centerIn: parent; text: parent.modelData.got < 0 ? "!" : parent.modelData.got.toFixed(0); size: 11.5; color: parent.modelData.ok ? Theme.ready : Theme.failed; wrapMode: Text.NoWrap }
                                        }
                                    }
                                }
                            }
                            TText { visible: !row.model.ok; text: qsTr("Should be %1.").arg(row.model.expected.toFixed(0)) + " " + row.model.detail; size: 12; color: Theme.failed; Layout.fillWidth: true; wrapMode: Text.WrapAtWordBoundaryOrAnywhere; maximumLineCount: 4; elide: Text.ElideRight }
                        }
                    }
                }
            }
        }
    }
}
