import QtQuick
import QtQuick.Controls.Basic
import QtQuick.Layouts
import Timonel.Engine
import Timonel.Controls

// First run: language and theme, then straight to a running pod.
Popup {
    id: root
    signal begin()
    anchors.centerIn: parent
    width: Math.min(parent.width - 64, 520 * Theme.scale)
    modal: true
    padding: 28
    focus: true
    closePolicy: Popup.CloseOnEscape
    onClosed: Preferences.welcomed = true
    background: Rectangle { radius: 10; color: Theme.raised; border.color: Theme.line }
    contentItem: ColumnLayout {
        spacing: 16
        TText { text: qsTr("Welcome aboard"); size: 28; strong: true }
        TText { text: qsTr("Timonel runs a complete Kubernetes cluster inside this window: nothing to install, no internet, nothing you can break for good. You type real commands on the left and watch the cluster on the right."); Layout.fillWidth: true }
        TText { text: qsTr("Language"); strong: true; Layout.bottomMargin: -8 }
        Segments { current: Preferences.language; options: [{ key: "en", text: "English" }, { key: "es", text: "Español" }]; onChosen: key => Preferences.language = key }
        TText { text: qsTr("Theme"); strong: true; Layout.bottomMargin: -8 }
        Segments { current: Preferences.theme; options: [{ key: "system", text: qsTr("System") }, { key: "light", text: qsTr("Light") }, { key: "dark", text: qsTr("Dark") }, { key: "contrast", text: qsTr("High contrast") }]; onChosen: key => Preferences.theme = key }
        RowLayout {
            Layout.alignment: Qt.AlignRight
            Layout.topMargin: 8
            TButton { text: qsTr("Look around first"); onClicked: root.close() }
            TButton { kind: "primary"; iconName: "play"; text: qsTr("Start my first pod"); focus: true; onClicked: { root.close(); root.begin() } }
        }
    }
}
