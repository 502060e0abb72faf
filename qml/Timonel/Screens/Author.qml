import QtQuick
import QtQuick.Controls.Basic
import QtQuick.Layouts
import Timonel.Engine
import Timonel.Controls

ColumnLayout {
    id: root
    signal play()
    spacing: 14
    TText { text: qsTr("Write your own packs"); size: 28; strong: true; Layout.margins: 24; Layout.bottomMargin: 0 }
    TText { quiet: true; Layout.fillWidth: true; Layout.leftMargin: 24; Layout.rightMargin: 24; text: qsTr("A pack is a folder with a pack.yaml: lessons, drills or exams as plain data. Make one with “timonel pack new FOLDER”, edit it in any editor, then check and prove it here.") }
    RowLayout {
        Layout.leftMargin: 24
        Layout.rightMargin: 24
        TField { id: folder; Layout.fillWidth: true; Layout.maximumWidth: 560 * Theme.scale; iconName: "folder-open"; placeholderText: qsTr("Folder of the pack, e.g. /home/me/my-pack"); onAccepted: Lab.readFolder("file://" + text) }
        TButton { kind: "primary"; text: qsTr("Check"); iconName: "check"; enabled: folder.text; onClicked: Lab.readFolder("file://" + folder.text) }
        TButton { text: qsTr("Play as learner"); iconName: "circle-play"; enabled: Lab.problems.length === 0; onClicked: { Lab.playAuthorPack(); root.play() } }
        TButton { text: qsTr("Prove"); iconName: "target"; enabled: Lab.problems.length === 0; onClicked: Lab.prove() }
    }
    ListView {
        id: problems
        Layout.fillWidth: true
        Layout.leftMargin: 24
        Layout.rightMargin: 24
        Layout.preferredHeight: Math.min(contentHeight, 240)
        visible: count > 0
        clip: true
        model: Lab.problems
        spacing: 6
        delegate: RowLayout {
            id: problem
            required property var modelData
            width: ListView.view.width
            Icon { name: "triangle-alert"; color: Theme.failed; size: 16 }
            TText { text: problem.modelData.place; code: true; size: 12 }
            TText { text: problem.modelData.message; Layout.fillWidth: true }
        }
    }
    ListView {
        id: proof
        Layout.fillWidth: true
        Layout.fillHeight: true
        Layout.margins: 24
        Layout.topMargin: 0
        clip: true
        model: Lab.proof
        ScrollBar.vertical: ScrollBar {}
        Empty { visible: proof.count === 0 && problems.count === 0; anchors.centerIn: parent; iconName: "target"; title: qsTr("Nothing checked yet"); text: qsTr("Problems appear with file, line and column. “Prove” plays every solution under five seeds: untouched must score 0, a reference 100, a wrong one what it states.") }
        delegate: RowLayout {
            id: row
            required property var model
            width: ListView.view.width
            spacing: 10
            Icon { name: row.model.ok ? "circle-check" : "circle-x"; color: row.model.ok ? Theme.ready : Theme.failed; size: 16 }
            TText { text: row.model.task; code: true; size: 12; Layout.preferredWidth: 180 * Theme.scale; elide: Text.ElideRight; wrapMode: Text.NoWrap }
            TText { text: row.model.solution || qsTr("untouched"); size: 12; Layout.preferredWidth: 180 * Theme.scale; elide: Text.ElideRight; wrapMode: Text.NoWrap }
            TText { text: qsTr("seed %1").arg(row.model.seed); quiet: true; size: 12; Layout.preferredWidth: 64 * Theme.scale }
            TText { text: qsTr("%1, expected %2").arg(row.model.got.toFixed(0)).arg(row.model.expected.toFixed(0)); size: 12; Layout.preferredWidth: 140 * Theme.scale }
            TText { text: row.model.detail; quiet: true; size: 12; Layout.fillWidth: true; elide: Text.ElideRight; wrapMode: Text.NoWrap }
        }
    }
}
