import QtQuick
import QtQuick.Layouts
import Timonel.Engine
import Timonel.Controls

ColumnLayout {
    id: root
    property var model: Lab.checks
    spacing: 8
    Repeater {
        model: root.model
        RowLayout {
            id: check
            required property var model
            Layout.fillWidth: true
            spacing: 8
            Icon { name: check.model.passed ? "circle-check" : "circle-x"; color: check.model.passed ? Theme.ready : Theme.failed; size: 18; Layout.alignment: Qt.AlignTop }
            ColumnLayout {
                Layout.fillWidth: true
                spacing: 1
                TText { text: check.model.title; font.weight: Font.Medium; Layout.fillWidth: true }
                TText { visible: !check.model.passed && check.model.expected; text: qsTr("Expected: %1").arg(check.model.expected); size: 12; quiet: true; Layout.fillWidth: true; wrapMode: Text.WrapAtWordBoundaryOrAnywhere }
                TText { visible: !check.model.passed && check.model.observed; text: qsTr("Observed: %1").arg(check.model.observed); size: 12; color: Theme.failed; Layout.fillWidth: true; wrapMode: Text.WrapAtWordBoundaryOrAnywhere }
                TText { visible: check.model.cause; text: qsTr("Since %1 s, by: %2").arg(Number(check.model.causeAt).toFixed(0)).arg(check.model.cause); size: 12; quiet: true; code: true; Layout.fillWidth: true; wrapMode: Text.WrapAtWordBoundaryOrAnywhere }
            }
        }
    }
}
