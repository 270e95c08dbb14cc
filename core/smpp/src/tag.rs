//! Tags of optional parameters (SMPP 3.4 5.3.2, 5.0 4.8.4), every one of both versions. Others are
//! carried all the same.

macro_rules! tags {
    ($($name:ident = $value:literal, $text:literal, $section:literal;)*) => {
        $(
            #[doc = concat!("`", $text, "` (", $section, ")")]
            pub const $name: u16 = $value;
        )*

        /// Every tag that the specifications define, by value.
        pub const ALL: &[u16] = &[$($name,)*];

        /// The specification's name of a tag; `None` for a vendor's.
        #[must_use]
        pub const fn name(tag: u16) -> Option<&'static str> {
            match tag {
                $($name => Some($text),)*
                _ => None,
            }
        }

        /// Where the specifications describe a tag; `None` for a vendor's.
        #[must_use]
        pub const fn section(tag: u16) -> Option<&'static str> {
            match tag {
                $($name => Some($section),)*
                _ => None,
            }
        }

        /// The tag of a name of the specification, in any case; for settings.
        #[must_use]
        pub fn from_name(name: &str) -> Option<u16> {
            $(if name.eq_ignore_ascii_case($text) {
                return Some($name);
            })*
            // The 5.0 name of the same parameter.
            name.eq_ignore_ascii_case("dest_port").then_some(DESTINATION_PORT)
        }
    };
}

tags! {
    DEST_ADDR_SUBUNIT = 0x0005, "dest_addr_subunit", "3.4 5.3.2.1, 5.0 4.8.4.23";
    DEST_NETWORK_TYPE = 0x0006, "dest_network_type", "3.4 5.3.2.3, 5.0 4.8.4.26";
    DEST_BEARER_TYPE = 0x0007, "dest_bearer_type", "3.4 5.3.2.5, 5.0 4.8.4.24";
    DEST_TELEMATICS_ID = 0x0008, "dest_telematics_id", "3.4 5.3.2.7, 5.0 4.8.4.29";
    SOURCE_ADDR_SUBUNIT = 0x000D, "source_addr_subunit", "3.4 5.3.2.2, 5.0 4.8.4.54";
    SOURCE_NETWORK_TYPE = 0x000E, "source_network_type", "3.4 5.3.2.4, 5.0 4.8.4.57";
    SOURCE_BEARER_TYPE = 0x000F, "source_bearer_type", "3.4 5.3.2.6, 5.0 4.8.4.55";
    SOURCE_TELEMATICS_ID = 0x0010, "source_telematics_id", "3.4 5.3.2.8, 5.0 4.8.4.61";
    QOS_TIME_TO_LIVE = 0x0017, "qos_time_to_live", "3.4 5.3.2.9, 5.0 4.8.4.46";
    PAYLOAD_TYPE = 0x0019, "payload_type", "3.4 5.3.2.10, 5.0 4.8.4.44";
    ADDITIONAL_STATUS_INFO_TEXT = 0x001D, "additional_status_info_text", "3.4 5.3.2.11, 5.0 4.8.4.1";
    RECEIPTED_MESSAGE_ID = 0x001E, "receipted_message_id", "3.4 5.3.2.12, 5.0 4.8.4.47";
    MS_MSG_WAIT_FACILITIES = 0x0030, "ms_msg_wait_facilities", "3.4 5.3.2.13, 5.0 4.8.4.40";
    PRIVACY_INDICATOR = 0x0201, "privacy_indicator", "3.4 5.3.2.14, 5.0 4.8.4.45";
    SOURCE_SUBADDRESS = 0x0202, "source_subaddress", "3.4 5.3.2.15, 5.0 4.8.4.60";
    DEST_SUBADDRESS = 0x0203, "dest_subaddress", "3.4 5.3.2.16, 5.0 4.8.4.28";
    USER_MESSAGE_REFERENCE = 0x0204, "user_message_reference", "3.4 5.3.2.17, 5.0 4.8.4.62";
    USER_RESPONSE_CODE = 0x0205, "user_response_code", "3.4 5.3.2.18, 5.0 4.8.4.63";
    SOURCE_PORT = 0x020A, "source_port", "3.4 5.3.2.20, 5.0 4.8.4.59";
    DESTINATION_PORT = 0x020B, "destination_port", "3.4 5.3.2.21, 5.0 4.8.4.30";
    SAR_MSG_REF_NUM = 0x020C, "sar_msg_ref_num", "3.4 5.3.2.22, 5.0 4.8.4.48";
    LANGUAGE_INDICATOR = 0x020D, "language_indicator", "3.4 5.3.2.19, 5.0 4.8.4.35";
    SAR_TOTAL_SEGMENTS = 0x020E, "sar_total_segments", "3.4 5.3.2.23, 5.0 4.8.4.50";
    SAR_SEGMENT_SEQNUM = 0x020F, "sar_segment_seqnum", "3.4 5.3.2.24, 5.0 4.8.4.49";
    SC_INTERFACE_VERSION = 0x0210, "sc_interface_version", "3.4 5.3.2.25, 5.0 4.8.4.51";
    CALLBACK_NUM_PRES_IND = 0x0302, "callback_num_pres_ind", "3.4 5.3.2.37, 5.0 4.8.4.17";
    CALLBACK_NUM_ATAG = 0x0303, "callback_num_atag", "3.4 5.3.2.38, 5.0 4.8.4.16";
    NUMBER_OF_MESSAGES = 0x0304, "number_of_messages", "3.4 5.3.2.39, 5.0 4.8.4.43";
    CALLBACK_NUM = 0x0381, "callback_num", "3.4 5.3.2.36, 5.0 4.8.4.15";
    DPF_RESULT = 0x0420, "dpf_result", "3.4 5.3.2.28, 5.0 4.8.4.32";
    SET_DPF = 0x0421, "set_dpf", "3.4 5.3.2.29, 5.0 4.8.4.52";
    MS_AVAILABILITY_STATUS = 0x0422, "ms_availability_status", "3.4 5.3.2.30, 5.0 4.8.4.39";
    NETWORK_ERROR_CODE = 0x0423, "network_error_code", "3.4 5.3.2.31, 5.0 4.8.4.42";
    MESSAGE_PAYLOAD = 0x0424, "message_payload", "3.4 5.3.2.32, 5.0 4.8.4.36";
    DELIVERY_FAILURE_REASON = 0x0425, "delivery_failure_reason", "3.4 5.3.2.33, 5.0 4.8.4.19";
    MORE_MESSAGES_TO_SEND = 0x0426, "more_messages_to_send", "3.4 5.3.2.34, 5.0 4.8.4.38";
    MESSAGE_STATE = 0x0427, "message_state", "3.4 5.3.2.35, 5.0 4.8.4.37";
    CONGESTION_STATE = 0x0428, "congestion_state", "5.0 4.8.4.18";
    USSD_SERVICE_OP = 0x0501, "ussd_service_op", "3.4 5.3.2.44, 5.0 4.8.4.64";
    BROADCAST_CHANNEL_INDICATOR = 0x0600, "broadcast_channel_indicator", "5.0 4.8.4.7";
    BROADCAST_CONTENT_TYPE = 0x0601, "broadcast_content_type", "5.0 4.8.4.8";
    BROADCAST_CONTENT_TYPE_INFO = 0x0602, "broadcast_content_type_info", "5.0 4.8.4.6";
    BROADCAST_MESSAGE_CLASS = 0x0603, "broadcast_message_class", "5.0 4.8.4.12";
    BROADCAST_REP_NUM = 0x0604, "broadcast_rep_num", "5.0 4.8.4.13";
    BROADCAST_FREQUENCY_INTERVAL = 0x0605, "broadcast_frequency_interval", "5.0 4.8.4.11";
    BROADCAST_AREA_IDENTIFIER = 0x0606, "broadcast_area_identifier", "5.0 4.8.4.4";
    BROADCAST_ERROR_STATUS = 0x0607, "broadcast_error_status", "5.0 4.8.4.10";
    BROADCAST_AREA_SUCCESS = 0x0608, "broadcast_area_success", "5.0 4.8.4.5";
    BROADCAST_END_TIME = 0x0609, "broadcast_end_time", "5.0 4.8.4.9";
    BROADCAST_SERVICE_GROUP = 0x060A, "broadcast_service_group", "5.0 4.8.4.14";
    BILLING_IDENTIFICATION = 0x060B, "billing_identification", "5.0 4.8.4.3";
    SOURCE_NETWORK_ID = 0x060D, "source_network_id", "5.0 4.8.4.56";
    DEST_NETWORK_ID = 0x060E, "dest_network_id", "5.0 4.8.4.25";
    SOURCE_NODE_ID = 0x060F, "source_node_id", "5.0 4.8.4.58";
    DEST_NODE_ID = 0x0610, "dest_node_id", "5.0 4.8.4.27";
    DEST_ADDR_NP_RESOLUTION = 0x0611, "dest_addr_np_resolution", "5.0 4.8.4.22";
    DEST_ADDR_NP_INFORMATION = 0x0612, "dest_addr_np_information", "5.0 4.8.4.21";
    DEST_ADDR_NP_COUNTRY = 0x0613, "dest_addr_np_country", "5.0 4.8.4.20";
    DISPLAY_TIME = 0x1201, "display_time", "3.4 5.3.2.26, 5.0 4.8.4.31";
    SMS_SIGNAL = 0x1203, "sms_signal", "3.4 5.3.2.40, 5.0 4.8.4.53";
    MS_VALIDITY = 0x1204, "ms_validity", "3.4 5.3.2.27, 5.0 4.8.4.41";
    ALERT_ON_MESSAGE_DELIVERY = 0x130C, "alert_on_message_delivery", "3.4 5.3.2.41, 5.0 4.8.4.2";
    ITS_REPLY_TYPE = 0x1380, "its_reply_type", "3.4 5.3.2.42, 5.0 4.8.4.33";
    ITS_SESSION_INFO = 0x1383, "its_session_info", "3.4 5.3.2.43, 5.0 4.8.4.34";
}
