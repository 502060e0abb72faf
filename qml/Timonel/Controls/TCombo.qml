import QtQuick
import QtQuick.Controls.Basic
import Timonel.Engine

ComboBox {
    id: control
    property bool code: false
    property string kept // what was chosen stays chosen when the choices change
    onActivated: kept = currentText
    onModelChanged: { const at = kept ? find(kept) : -1; if (at >= 0) currentIndex = at }
    font.family: code ? Theme.mono : Theme.sans
    font.pixelSize: (code ? 12 : 13) * Theme.scale
    implicitHeight: 32 * Theme.scale
    leftPadding: 10
    rightPadding: 28 * Theme.scale
    contentItem: Text {
        text: control.displayText
        textFormat: Text.PlainText
        font: control.font
        color: Theme.text
        verticalAlignment: Text.AlignVCenter
        elide: Text.ElideMiddle
    }
    indicator: Icon { name: "chevron-down"; color: Theme.muted; size: 16; x: control.width - width - 8; y: (control.height - height) / 2 }
    background: Rectangle {
        radius: 6
        color: control.hovered ? Theme.hover : Theme.surface
        border.width: 1
        border.color: Theme.line
        FocusRing { control: control }
    }
    delegate: ItemDelegate {
        id: option
        required property int index
        required property var modelData
        width: ListView.view.width
        highlighted: control.highlightedIndex === index
        contentItem: Text {
            text: control.textRole ? option.modelData[control.textRole] : option.modelData
            textFormat: Text.PlainText
            font: control.font
            color: Theme.text
            elide: Text.ElideMiddle
            verticalAlignment: Text.AlignVCenter
        }
        background: Rectangle { color: option.highlighted ? Theme.selected : "transparent"; radius: 4 }
    }
    popup: Popup {
        y: control.height + 4
        width: Math.max(control.width, 220 * Theme.scale)
        implicitHeight: Math.min(contentItem.implicitHeight + 8, 360)
        padding: 4
        contentItem: ListView {
            clip: true
            implicitHeight: contentHeight
            model: control.popup.visible ? control.delegateModel : null
            currentIndex: control.highlightedIndex
            ScrollIndicator.vertical: ScrollIndicator {}
        }
        background: Rectangle { radius: 8; color: Theme.raised; border.color: Theme.line }
    }
}
