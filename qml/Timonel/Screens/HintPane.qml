import QtQuick
import QtQuick.Layouts
import Timonel.Engine
import Timonel.Controls

// Under the terminal: why the last command failed. What the command printed stays as it is.
Rectangle {
    id: root
    visible: Hints.shown
    implicitHeight: Hints.shown ? body.implicitHeight + 20 * Theme.scale : 0
    color: Theme.surface
    Accessible.role: Accessible.AlertMessage
    Accessible.name: Hints.title + ". " + Hints.text
    Rectangle { width: parent.width; height: 1; color: Theme.line }
    Rectangle { width: 3; height: parent.height; color: Theme.waiting }
    RowLayout {
        id: body
        x: 14 * Theme.scale
        y: 10 * Theme.scale
        width: parent.width - 20 * Theme.scale
        spacing: 10 * Theme.scale
        Icon { name: "lightbulb"; color: Theme.waiting; size: 18; Layout.alignment: Qt.AlignTop }
        ColumnLayout {
            Layout.fillWidth: true
            spacing: 4 * Theme.scale
            TText { text: Hints.title; strong: true; Layout.fillWidth: true }
            InlineCode { text: Hints.text; size: 13; Layout.fillWidth: true }
            Rectangle {
                visible: Hints.place
                Layout.fillWidth: true
                implicitHeight: spot.implicitHeight + 10
                radius: 6
                color: Theme.hover
                RowLayout {
                    id: spot
                    x: 8
                    width: parent.width - 16
                    anchors.verticalCenter: parent.verticalCenter
                    spacing: 10
                    TText { text: Hints.place; quiet: true; size: 12; wrapMode: Text.NoWrap }
                    TText { text: Hints.lineText; code: true; size: 12; Layout.fillWidth: true; wrapMode: Text.NoWrap; elide: Text.ElideRight }
                }
            }
            TText { visible: Hints.documentation; text: (Hints.field ? Hints.field + ": " : "") + Hints.documentation; quiet: true; size: 12; Layout.fillWidth: true; maximumLineCount: 3; elide: Text.ElideRight }
            Flow {
                visible: Hints.suggestion
                Layout.fillWidth: true
                spacing: 6
                TText { text: qsTr("Try"); quiet: true; size: 12; wrapMode: Text.NoWrap }
                TText { text: Hints.suggestion; code: true; size: 12; color: Theme.accent; wrapMode: Text.WrapAnywhere; width: Math.min(implicitWidth, parent.width - 60) }
            }
        }
        ColumnLayout {
            Layout.alignment: Qt.AlignTop
            spacing: 2
            TButton { kind: "quiet"; iconName: "x"; tip: qsTr("Dismiss"); onClicked: Hints.dismiss() }
            TButton { visible: Hints.count > 1; kind: "quiet"; iconName: "chevron-right"; tip: qsTr("Next of %1 mistakes").arg(Hints.count); onClicked: Hints.index = Hints.index + 1 }
        }
    }
}
