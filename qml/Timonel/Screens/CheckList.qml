import QtQuick
import QtQuick.Layouts
import Timonel.Engine
import Timonel.Controls

ColumnLayout {
    id: root
    property var model: Lab.checks
    property bool gentle: false // a step that is not done yet is no failure
    spacing: 8
    Repeater {
        model: root.model
        RowLayout {
            id: check
            required property var model
            Layout.fillWidth: true
            spacing: 8
            StateGlyph { visible: root.gentle && !check.model.passed; state_: "waiting"; size: 14; Layout.alignment: Qt.AlignTop; Layout.topMargin: 2; Layout.leftMargin: 2; Layout.rightMargin: 2 }
            Icon { visible: !root.gentle || check.model.passed; name: check.model.passed ? "circle-check" : "circle-x"; color: check.model.passed ? Theme.ready : Theme.failed; size: 18; Layout.alignment: Qt.AlignTop }
            ColumnLayout {
                Layout.fillWidth: true
                spacing: 1
                TText { text: check.model.title; font.weight: Font.Medium; Layout.fillWidth: true }
                TText { visible: !root.gentle && !check.model.passed && check.model.expected; text: qsTr("Expected: %1").arg(check.model.expected); size: 12; quiet: true; Layout.fillWidth: true; wrapMode: Text.WrapAtWordBoundaryOrAnywhere }
                TText { visible: !check.model.passed && check.model.observed; text: qsTr("Observed: %1").arg(check.model.observed); size: 12; color: root.gentle ? Theme.muted : Theme.failed; Layout.fillWidth: true; wrapMode: Text.WrapAtWordBoundaryOrAnywhere }
                TText { visible: check.model.cause; text: qsTr("Since %1 s, by: %2").arg(Number(check.model.causeAt).toFixed(0)).arg(check.model.cause); size: 12; quiet: true; code: true; Layout.fillWidth: true; wrapMode: Text.WrapAtWordBoundaryOrAnywhere }
            }
        }
    }
}
